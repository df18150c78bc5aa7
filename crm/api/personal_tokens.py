"""Signing in with a personal token: `Authorization: Bearer tandem_pat_…`, within its scopes."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext as _
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from rest_framework.authentication import BaseAuthentication, get_authorization_header
from rest_framework.exceptions import AuthenticationFailed, PermissionDenied
from rest_framework.permissions import SAFE_METHODS
from rest_framework.request import Request

from crm.models import PersonalToken, User
from crm.services.personal_tokens import MARK, READ, WRITE, allows, holder_of

ROOT = "/api/v1/"
# What the records refer to, and the description of the API: every token may read them.
OPEN = frozenset({"stages", "lost-reasons", "users", "countries", "states", ""})
# What a scope may name.
RESOURCES = (
    "accounts",
    "contacts",
    "leads",
    "opportunities",
    "activities",
    "tasks",
    "notes",
    "tags",
    "dashboard",
)


class PersonalTokens(BaseAuthentication):
    """A personal token; other bearers are left to the next way of signing in.

    An unknown, ended or revoked one gets 401; a request outside its scopes 403, with the scope that it would need.
    """

    def authenticate(self, request: Request) -> tuple[User, PersonalToken] | None:
        kind, _blank, given = get_authorization_header(request).partition(b" ")
        if kind.lower() != b"bearer" or not given.startswith(MARK.encode()):
            return None
        token = holder_of(given.decode("latin-1").strip())
        if token is None:
            raise AuthenticationFailed(_("This token is unknown, revoked or past its end."))
        action = READ if request.method in SAFE_METHODS else WRITE
        resource = resource_of(request.path)
        if not (action == READ and resource in OPEN) and not allows(token, resource, action):
            needed = f"{resource}:{action}"
            raise PermissionDenied(_("This token lacks the scope “%(scope)s”.") % {"scope": needed})
        return token.user, token

    def authenticate_header(self, request: Request) -> str:
        return 'Bearer realm="api"'


def resource_of(path: str) -> str:
    """The resource of an address of the API ("leads"); "" for what is none."""
    return path.removeprefix(ROOT).split("/", 1)[0] if path.startswith(ROOT) else ""


class PersonalTokenScheme(OpenApiAuthenticationExtension):
    """How the description names it."""

    target_class = "crm.api.personal_tokens.PersonalTokens"
    name = "personalToken"

    def get_security_definition(self, auto_schema: Any) -> dict[str, str]:
        return {"type": "http", "scheme": "bearer", "bearerFormat": f"{MARK}…"}
