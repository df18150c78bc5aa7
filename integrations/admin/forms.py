"""The forms of a connection: its switches, and its address and key."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.widgets import (
    UnfoldAdminPasswordWidget,
    UnfoldAdminSelectWidget,
    UnfoldAdminTextInputWidget,
)

from integrations.models import Connection


class SwitchesForm(forms.ModelForm):
    """What may change without asking Odoo."""

    public_url = forms.URLField(
        label=gettext_lazy("URL for people"),
        max_length=500,
        required=False,
        assume_scheme="https",
        widget=UnfoldAdminTextInputWidget(attrs={"inputmode": "url"}),
        help_text=gettext_lazy("Only if people open Odoo at another address than Tandem does."),
    )

    class Meta:
        model = Connection
        fields = ("name", "public_url", "push_enabled", "quiet")


class AddressForm(forms.Form):
    """Where Odoo is and who we are there. The key is never rendered; left empty, the one that is set stays."""

    url = forms.CharField(
        label=gettext_lazy("URL"),
        max_length=500,
        widget=UnfoldAdminTextInputWidget(attrs={"inputmode": "url"}),
        help_text=gettext_lazy("As you see it in the browser, for example https://mycompany.odoo.com"),
    )
    database = forms.CharField(label=gettext_lazy("Database"), max_length=120, widget=UnfoldAdminTextInputWidget())
    username = forms.CharField(
        label=gettext_lazy("User name"),
        max_length=254,
        widget=UnfoldAdminTextInputWidget(attrs={"autocomplete": "off"}),
    )
    secret = forms.CharField(
        label=gettext_lazy("API key"),
        required=False,
        widget=UnfoldAdminPasswordWidget(attrs={"autocomplete": "new-password"}, render_value=False),
        help_text=gettext_lazy("In Odoo: the user's preferences, Account Security, New API Key."),
    )
    transport = forms.ChoiceField(
        label=gettext_lazy("Transport"),
        choices=Connection.Transport.choices,
        initial=Connection.Transport.AUTO,
        widget=UnfoldAdminSelectWidget(),
        help_text=gettext_lazy("Automatic picks what your version of Odoo does best."),
    )
    public_url = forms.URLField(
        label=gettext_lazy("URL for people"),
        max_length=500,
        required=False,
        assume_scheme="https",
        widget=UnfoldAdminTextInputWidget(attrs={"inputmode": "url"}),
        help_text=gettext_lazy("Only if people open Odoo at another address than Tandem does."),
    )

    def __init__(self, *args: Any, connection: Connection | None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._connection = connection
        if connection is not None:
            for name in ("url", "database", "username", "transport", "public_url"):
                self.fields[name].initial = getattr(connection, name)
            self.fields["secret"].help_text = _("Leave it empty to keep the key that is set.")

    def clean(self) -> dict[str, Any]:
        """Fill in the key that is set, for the same user of the same Odoo only: it must not travel elsewhere."""
        values = super().clean() or {}
        held = self._connection
        if not values.get("secret"):
            same = held is not None and all(
                values.get(name) == getattr(held, name) for name in ("url", "database", "username")
            )
            if held is None or not same:
                self.add_error("secret", _("Enter the API key of this user."))
            else:
                values["secret"] = held.secret
        return values
