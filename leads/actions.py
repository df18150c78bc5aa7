"""What is done with a lead from its page: convert, lose, reopen."""

from __future__ import annotations

from typing import Any

from django import forms
from django.db.models import QuerySet
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from crm.forms import ReasonForm
from crm.models import Stage, User
from crm.models.keys import key_of_email, key_of_name, key_of_phone
from crm.nouns import noun_of
from crm.registry import RecordAction, does, register_record_actions
from leads import services
from leads.conversion import convert_lead, plan_conversion
from leads.models import Lead
from leads.selectors import accounts_like, contacts_like

OFFERED = 8


class Alike(forms.ModelChoiceField):
    """A choice among records that may be the one meant, each with what speaks for it."""

    widget = forms.RadioSelect

    def __init__(self, lead: Lead, found: QuerySet[Any], *, of: Any, made: str, **kwargs: Any) -> None:
        pks = [row.pk for row in found[:OFFERED]]
        rows = found.model._default_manager.filter(pk__in=pks)
        empty = _("Make a new one: %(name)s") % {"name": made} if made else _("None")
        super().__init__(rows, required=False, blank=True, empty_label=empty, **kwargs)
        self.lead, self.linked = lead, of

    def label_from_instance(self, obj: Any) -> SafeString:
        noun = noun_of(obj)
        facts = [self._reason(obj), noun.hint(obj) if noun else ""]
        return format_html(
            '<span>{} <small class="text-secondary">{}</small></span>', obj, " · ".join(filter(None, facts))
        )

    def _reason(self, obj: Any) -> str:
        """Why it is offered, in a few words."""
        lead = self.lead
        if self.linked is not None and obj.pk == self.linked.pk:
            return _("known from the lead")
        if lead.email and obj.email_key == key_of_email(lead.email):
            return _("same e-mail")
        if lead.phone and obj.phone_key == key_of_phone(lead.phone):
            return _("same phone")
        if obj.name_key in (key_of_name(lead.company_name), key_of_name(lead.contact_name)):
            return _("same name")
        return _("similar name")


class ConversionForm(forms.Form):
    """What the person who converts decides; offered is what looks like this lead's company and person."""

    name = forms.CharField(label=gettext_lazy("Name of the opportunity"), max_length=255)
    amount = forms.DecimalField(label=gettext_lazy("Amount"), max_digits=16, decimal_places=2, min_value=0)
    stage = forms.ModelChoiceField(Stage.objects.none(), label=gettext_lazy("Stage"), empty_label=None)

    field_order = ("account", "contact", "name", "amount", "stage")

    def __init__(self, lead: Lead, user: User, sent: Any) -> None:
        plan = plan_conversion(lead)
        stages = Stage.objects.filter(archived_at__isnull=True, is_lost=False)
        super().__init__(
            sent,
            initial={
                "account": plan.account,
                "contact": plan.contact,
                "name": plan.opportunity_name,
                "amount": plan.amount,
                "stage": stages.filter(is_won=False).first(),
            },
        )
        accounts, contacts = accounts_like(lead, user=user), contacts_like(lead, user=user)
        self.fields["account"] = Alike(lead, accounts, of=plan.account, made=plan.account_name, label=_("Account"))
        self.fields["contact"] = Alike(lead, contacts, of=plan.contact, made=plan.contact_name, label=_("Contact"))
        self.fields["stage"].queryset = stages  # type: ignore[attr-defined]
        self.order_fields(self.field_order)


def _converted(lead: Lead, **values: Any) -> tuple[Any, Any]:
    return _("“%(name)s” is an opportunity now.") % {"name": lead}, convert_lead(lead, **values).opportunity


CONVERT = RecordAction(
    "convert",
    gettext_lazy("Convert"),
    "currency-dollar",
    gettext_lazy("Convert “%(name)s” into an opportunity?"),
    _converted,
    (
        gettext_lazy("An opportunity is made with the lead's data, tags, tasks and notes."),
        gettext_lazy("Account and contact are used or made as chosen below."),
        gettext_lazy("The lead stays as history that nobody can change."),
        gettext_lazy("In Odoo the same record becomes an opportunity; no second one is made."),
    ),
    form=ConversionForm,
    main=True,
)
LOSE = RecordAction(
    "lose",
    gettext_lazy("Lost"),
    "x",
    gettext_lazy("Mark “%(name)s” as lost?"),
    does(services.lose_lead, gettext_lazy("“%(name)s” is lost.")),
    (gettext_lazy("In Odoo it is archived with the reason."),),
    form=lambda record, user, sent: ReasonForm(sent),
)
REOPEN = RecordAction(
    "reopen",
    gettext_lazy("Reopen"),
    "arrow-back-up",
    gettext_lazy("Reopen “%(name)s”?"),
    does(services.reopen_lead, gettext_lazy("“%(name)s” is open again.")),
)


def actions_of(record: Any) -> list[RecordAction]:
    """What can be done with a lead as it stands: nothing once it is converted or in the trash."""
    if not isinstance(record, Lead) or record.archived_at is not None or record.converted_at is not None:
        return []
    return [REOPEN] if record.lost_at is not None else [CONVERT, LOSE]


def register() -> None:
    """Join the record pages; called once when the app is ready."""
    register_record_actions(actions_of)
