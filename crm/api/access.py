"""Who may use the API: people whose role includes the action, and no more often than the settings allow."""

from __future__ import annotations

from typing import Any, cast

from django.conf import settings
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from rest_framework.authentication import SessionAuthentication
from rest_framework.permissions import BasePermission
from rest_framework.request import Request
from rest_framework.throttling import AnonRateThrottle, UserRateThrottle

from crm.models import User

READING = {"list": "view", "retrieve": "view", "create": "add"}


def person(request: Request) -> User:
    """Who is signed in."""
    return cast(User, request.user)


class SignedIn(SessionAuthentication):
    """The session of the pages. Says how to sign in, so that strangers get 401 and not 403."""

    def authenticate_header(self, request: Request) -> str:
        return 'Session realm="api"'


class SessionScheme(OpenApiAuthenticationExtension):
    """How the description names that session."""

    target_class = "crm.api.access.SignedIn"
    name = "session"

    def get_security_definition(self, auto_schema: Any) -> dict[str, str]:
        return {"type": "apiKey", "in": "cookie", "name": "sessionid"}


class RoleRights(BasePermission):
    """The role includes the action on this table; everything but reading and making is a change."""

    def has_permission(self, request: Request, view: Any) -> bool:
        if not person(request).is_authenticated:
            return False
        if view.action is None or view.action == "metadata":  # a method that the address does not know: 405
            return True
        meta = view.model._meta
        right = READING.get(view.action, "change")
        return person(request).has_perm(f"{meta.app_label}.{right}_{meta.model_name}")


class PerUser(UserRateThrottle):
    """So many requests a minute for each user."""

    def get_rate(self) -> str:
        return f"{settings.API_REQUESTS_PER_MINUTE}/min"


class PerAddress(AnonRateThrottle):
    """So many attempts a minute to sign in from one address."""

    scope = "sign_in"

    def get_rate(self) -> str:
        return f"{settings.API_SIGN_INS_PER_MINUTE}/min"
