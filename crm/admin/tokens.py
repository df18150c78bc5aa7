"""The API's tokens in the house's look: who holds one, and which were taken back. None is ever shown."""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy, ngettext
from rest_framework_simplejwt.token_blacklist.models import BlacklistedToken, OutstandingToken
from unfold.decorators import action, display

from crm import cells
from crm.admin.base import ReadOnlyAdmin, acting
from crm.models import PersonalToken
from crm.services.personal_tokens import revoke_token

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


@admin.register(PersonalToken)
class PersonalTokenAdmin(ReadOnlyAdmin):
    list_display = ("name", "user", "begins", "scopes_column", "created_at", "expires_at", "used", "revoked_at")
    list_select_related = ("user",)
    list_filter = ("user",)
    ordering = ("-id",)
    fields = ("name", "user", "begins", "scopes_column", "created_at", "expires_at", "last_used_at", "revoked_at")
    readonly_fields = ("scopes_column",)
    actions = ("revoke_selected",)

    @display(description=gettext_lazy("scopes"))
    def scopes_column(self, row: PersonalToken) -> str:
        return ", ".join(row.scopes)

    @display(description=gettext_lazy("last used"), ordering="last_used_at")
    def used(self, row: PersonalToken) -> Any:
        return cells.ago(row.last_used_at)

    @action(description=gettext_lazy("Revoke"))
    def revoke_selected(self, request: HttpRequest, queryset: QuerySet[PersonalToken]) -> None:
        held = [token for token in queryset if token.holds]
        for token in held:
            revoke_token(token, actor=acting(request))
        said = ngettext("%(count)d token is revoked.", "%(count)d tokens are revoked.", len(held))
        messages.success(request, said % {"count": len(held)})
