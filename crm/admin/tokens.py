"""The API's refresh tokens in the house's look: who holds one, and which were taken back. Read-only."""

from __future__ import annotations

from django.contrib import admin
from rest_framework_simplejwt.token_blacklist.models import BlacklistedToken, OutstandingToken

from crm.admin.base import ReadOnlyAdmin

for model in (BlacklistedToken, OutstandingToken):
    admin.site.unregister(model)


@admin.register(OutstandingToken)
class OutstandingTokenAdmin(ReadOnlyAdmin):
    list_display = ("user", "created_at", "expires_at")
    list_select_related = ("user",)
    ordering = ("-id",)
    fields = ("user", "created_at", "expires_at")  # never the token itself


@admin.register(BlacklistedToken)
class BlacklistedTokenAdmin(ReadOnlyAdmin):
    list_display = ("token", "blacklisted_at")
    list_select_related = ("token__user",)
    ordering = ("-id",)
    fields = ("blacklisted_at",)
