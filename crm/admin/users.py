"""Users, teams and groups in the admin."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin
from django.contrib.auth.admin import GroupAdmin as DjangoGroupAdmin
from django.contrib.auth.admin import UserAdmin as DjangoUserAdmin
from django.contrib.auth.models import Group
from django.http import HttpRequest
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.contrib.filters.admin import BooleanRadioFilter, ChoicesDropdownFilter, RelatedDropdownFilter
from unfold.decorators import display
from unfold.forms import AdminPasswordChangeForm, UserChangeForm
from unfold.widgets import UnfoldAdminEmailInputWidget, UnfoldAdminPasswordWidget

from crm import cells
from crm.admin.base import NeverDeletes, acting
from crm.admin.questions import REFUSALS
from crm.models import Team, User
from crm.services import users

admin.site.unregister(Group)


class InviteForm(forms.ModelForm):
    """A new user; without a password nobody can sign in as them until one is set."""

    email = forms.EmailField(label=gettext_lazy("E-mail"), widget=UnfoldAdminEmailInputWidget())
    password = forms.CharField(
        label=gettext_lazy("Password"),
        required=False,
        strip=False,
        widget=UnfoldAdminPasswordWidget(attrs={"autocomplete": "new-password"}),
        help_text=gettext_lazy("At least eight characters. Leave it empty to set one later."),
    )
    refusal: Exception | None = None

    class Meta:
        model = User
        fields = ("email", "name", "role", "team")

    def clean(self) -> dict[str, Any]:
        if self.refusal is not None:
            raise self.refusal
        return super().clean() or {}

    def validate_unique(self) -> None:
        """Left to the service: a salesperson known only from Odoo by this e-mail is taken over."""

    def _post_clean(self) -> None:
        """Nothing: the service makes the user and checks the values."""


class ChangeForm(UserChangeForm):
    refusal: Exception | None = None

    def clean(self) -> dict[str, Any]:
        if self.refusal is not None:
            raise self.refusal
        return super().clean() or {}


@admin.register(User)
class UserAdmin(DjangoUserAdmin, NeverDeletes):
    form = ChangeForm
    add_form = InviteForm
    change_password_form = AdminPasswordChangeForm
    list_display = ("display_name", "email", "role_column", "team", "active", "signed_in")
    list_display_links = ("display_name",)
    list_select_related = ("team",)
    list_filter = (
        ("is_active", BooleanRadioFilter),
        ("role", ChoicesDropdownFilter),
        ("team", RelatedDropdownFilter),
    )
    search_fields = ("name", "email")
    search_help_text = gettext_lazy("Name or e-mail")
    ordering = ("name", "email", "id")
    autocomplete_fields = ("team",)
    filter_horizontal = ("groups",)
    readonly_fields = ("last_login", "date_joined")
    fieldsets = (
        (None, {"fields": ["email", "name", ("role", "team"), "password"]}),
        (gettext_lazy("Place"), {"fields": [("time_zone", "locale")]}),
        (gettext_lazy("Access"), {"fields": ["is_active", "is_staff", "groups", ("last_login", "date_joined")]}),
    )
    add_fieldsets = ((None, {"fields": ["email", "name", ("role", "team"), "password"]}),)
    SERVICE_FIELDS = frozenset({"email", "name", "role", "team", "time_zone", "locale", "is_active", "is_staff"})

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        form = super().get_form(request, obj, change=change, **kwargs)
        return type(form.__name__, (form,), {"refusal": getattr(request, "refusal", None)})

    def get_search_results(self, request: HttpRequest, queryset: Any, search_term: str) -> tuple[Any, bool]:
        found, several = super().get_search_results(request, queryset, search_term)
        if (request.resolver_match and request.resolver_match.url_name) == "autocomplete":
            found = found.filter(is_active=True)
        return found, several

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> Any:
        try:
            return super().changeform_view(request, object_id, form_url, extra_context)
        except REFUSALS as refusal:
            request.refusal = refusal  # type: ignore[attr-defined]
            return super().changeform_view(request, object_id, form_url, extra_context)

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        values = form.cleaned_data
        if change:
            changed = {name: values[name] for name in form.changed_data if name in self.SERVICE_FIELDS}
            saved = users.update_user(obj, actor=acting(request), **changed)
        else:
            wanted = {name: values[name] for name in ("email", "name", "role", "team", "password")}
            saved = users.invite_user(actor=acting(request), **wanted)
        obj.pk = saved.pk
        obj._state.adding = False
        obj.refresh_from_db()

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Only a super admin changes a super admin, passwords included."""
        allowed = super().has_change_permission(request, obj)
        if allowed and isinstance(obj, User) and obj.role == User.Role.SUPER_ADMIN:
            return request.user.is_superuser or acting(request).role == User.Role.SUPER_ADMIN
        return allowed

    @display(description=gettext_lazy("name"), ordering="name")
    def display_name(self, user: User) -> str:
        return str(user)

    @display(
        description=gettext_lazy("role"),
        ordering="role",
        label={"super_admin": "danger", "admin": "warning", "sales_manager": "primary", "sales_user": "info"},
    )
    def role_column(self, user: User) -> tuple[str, str]:
        return user.role, user.get_role_display()

    @display(description=gettext_lazy("state"), ordering="is_active")
    def active(self, user: User) -> str:
        if user.is_active:
            return _("Active")
        return _("Known from Odoo") if user.from_odoo else _("Shut out")

    @display(description=gettext_lazy("last sign-in"), ordering="last_login")
    def signed_in(self, user: User) -> SafeString | str:
        return cells.ago(user.last_login)


@admin.register(Team)
class TeamAdmin(NeverDeletes):
    list_display = ("name", "manager")
    list_select_related = ("manager",)
    search_fields = ("name",)
    autocomplete_fields = ("manager",)
    fields = (("name", "manager"),)


@admin.register(Group)
class GroupAdmin(DjangoGroupAdmin, NeverDeletes):
    """Groups grant single rights beyond the role."""
