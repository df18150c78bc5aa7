"""Signing in with JSON Web Tokens: a short access token, and a refresh token that is exchanged for a new one each time.

The only module that knows the library.
"""

from __future__ import annotations

from typing import Any

from django.utils import timezone
from rest_framework_simplejwt.authentication import JWTAuthentication
from rest_framework_simplejwt.serializers import TokenRefreshSerializer
from rest_framework_simplejwt.token_blacklist.models import OutstandingToken
from rest_framework_simplejwt.views import TokenBlacklistView, TokenObtainPairView, TokenRefreshView

from crm.api.access import PerAddress


class SignIn(TokenObtainPairView):
    """E-mail and password for a pair of tokens."""

    throttle_classes = (PerAddress,)


class RefreshSerializer(TokenRefreshSerializer):
    """Refuses also a person who was switched off, or has another password by now."""

    def validate(self, attrs: dict[str, Any]) -> dict[str, str]:
        JWTAuthentication().get_user(self.token_class(attrs["refresh"]))
        return super().validate(attrs)


class Refresh(TokenRefreshView):
    """A refresh token for a new pair; the old one is used up."""

    serializer_class = RefreshSerializer
    throttle_classes = (PerAddress,)


class SignOut(TokenBlacklistView):
    """Use up a refresh token."""

    throttle_classes = (PerAddress,)


def prune(chunk: int) -> int:
    """Delete refresh tokens that have run out, whether used up or not; returns how many rows went."""
    deleted = 0
    rows = OutstandingToken.objects.filter(expires_at__lt=timezone.now()).order_by("pk")
    while ids := list(rows.values_list("pk", flat=True)[:chunk]):
        deleted += OutstandingToken.objects.filter(pk__in=ids).delete()[0]
    return deleted
