"""What the pages of the sync share: the record a row is about, the record in Odoo, and asking before acting."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Any, ClassVar, cast

from django import forms
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.decorators import display
from unfold.views import ChangeList
from unfold.widgets import UnfoldAdminTextareaWidget

from crm import cells
from crm.admin.base import ReadOnlyAdmin
from crm.admin.filters import ChoiceFilter
from crm.admin.questions import Question, answer
from integrations.mailbox.bindings import objects_of
from integrations.models import Connection
from integrations.odoo.wire.weblinks import record_url

MODELS = {
    "res.partner": gettext_lazy("Contacts and companies"),
    "crm.lead": gettext_lazy("Leads and opportunities"),
    "crm.tag": gettext_lazy("CRM tags"),
    "res.partner.category": gettext_lazy("Contact tags"),
    "mail.message": gettext_lazy("Notes"),
    "mail.activity": gettext_lazy("Tasks"),
    "calendar.event": gettext_lazy("Meetings"),
}
REASON_LIMIT = 300


class ModelFilter(ChoiceFilter):
    """One Odoo model; fixed choices, so that the list costs no query."""

    title = gettext_lazy("kind of record")
    parameter_name = "model"
    options = MODELS

    def narrow(self, queryset: QuerySet[Any], value: str) -> QuerySet[Any]:
        return queryset.filter(remote_model=value)


class AgeFilter(ChoiceFilter):
    """How old; by one moment, since a hierarchy of dates would read the whole table for each page."""

    title = gettext_lazy("age")
    parameter_name = "age"
    moment: ClassVar[str] = "created_at"
    options = {
        "hour": gettext_lazy("Last hour"),
        "day": gettext_lazy("Last 24 hours"),
        "week": gettext_lazy("Last 7 days"),
        "month": gettext_lazy("Last 30 days"),
    }

    def narrow(self, queryset: QuerySet[Any], value: str) -> QuerySet[Any]:
        back = {"hour": 1, "day": 24, "week": 7 * 24, "month": 30 * 24}[value]
        return queryset.filter(**{f"{self.moment}__gte": timezone.now() - timedelta(hours=back)})


class ReceivedFilter(AgeFilter):
    moment = "received_at"


class StartedFilter(AgeFilter):
    moment = "started_at"


class HappenedFilter(AgeFilter):
    moment = "happened_at"


class LinkedChangeList(ChangeList):
    """A list page that loads the records its rows are about, one query per table."""

    def get_results(self, request: HttpRequest) -> None:
        super().get_results(request)
        rows: list[Any] = list(cast(Any, self).result_list)
        found = objects_of(rows)
        for row in rows:
            row.linked_record = found.get(row.object_uuid)
        self.result_list = rows


class SyncAdmin(ReadOnlyAdmin):
    """A list of the sync that nobody writes by hand; what can be done to a row is an action."""

    joined: ClassVar[tuple[str, ...]] = ()

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """The connection comes along without its secret, which no page here needs."""
        return super().get_queryset(request).select_related("connection", *self.joined).defer("connection__secret")

    def may_repair(self, request: HttpRequest) -> bool:
        """Whether this user may do more than look; Django's own change right opens the form, which nobody gets."""
        return request.user.has_perm(f"{self.opts.app_label}.change_{self.opts.model_name}")

    def row(self, request: HttpRequest, object_id: Any) -> Any:
        """The row of this page, or None; read once per request."""
        known: dict[tuple[type, str], Any] = request.__dict__.setdefault("_tandem_rows", {})
        key = (self.model, str(object_id))
        if key not in known:
            known[key] = self.get_object(request, str(object_id)) if object_id else None
        return known[key]

    @display(description=gettext_lazy("kind of record"), ordering="remote_model")
    def model_column(self, row: Any) -> SafeString:
        return model_words(row.remote_model)

    @display(description=gettext_lazy("record in Odoo"))
    def odoo_column(self, row: Any) -> SafeString | str:
        return odoo_link(row.connection, row.remote_model, row.remote_id)


class LinkedAdmin(SyncAdmin):
    """A list whose rows are about one business record each."""

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        return LinkedChangeList

    @display(description=gettext_lazy("record here"))
    def record_column(self, row: Any) -> SafeString | str:
        if not hasattr(row, "linked_record"):
            row.linked_record = objects_of([row]).get(row.object_uuid)
        return cells.link(row.linked_record) if row.linked_record is not None else _("(gone)")


def ask(
    model_admin: Any,
    request: HttpRequest,
    object_id: str,
    *,
    title: str,
    button: str,
    run: Callable[[Any, dict[str, Any]], str],
    sentences: Sequence[Any] = (),
    icon: str = "help",
    form: Any = None,
) -> HttpResponse:
    """Ask about one row, then run a service on it; `run` returns the sentence to show, the title may name %(name)s."""
    row = model_admin.row(request, object_id)
    if row is None:
        return HttpResponseRedirect(reverse("admin:index"))
    opts = model_admin.opts
    back = reverse(f"admin:{opts.app_label}_{opts.model_name}_change", args=(row.pk,))
    question = Question(
        title=title % {"name": row}, button=button, back=back, sentences=sentences, icon=icon, form=form
    )
    return answer(request, model_admin, question, lambda values: run(row, values))


class WhyForm(forms.Form):
    """Why a person does this; kept with the row."""

    why = forms.CharField(
        label=gettext_lazy("Reason"),
        max_length=REASON_LIMIT,
        widget=UnfoldAdminTextareaWidget(attrs={"rows": 3}),
        help_text=gettext_lazy("It is kept with the message, together with your name."),
    )


def model_words(remote_model: str) -> SafeString:
    """What people call the records of an Odoo model, the technical name on hover."""
    return format_html(
        '<span class="tandem-nowrap" title="{}">{}</span>', remote_model, MODELS.get(remote_model, remote_model)
    )


def odoo_link(connection: Connection | None, remote_model: str, remote_id: int | None) -> SafeString | str:
    """The number of a record in Odoo, as a link where Odoo has a page for it."""
    if not remote_id:
        return cells.NOTHING
    url = record_url(connection, remote_model, remote_id) if connection is not None else ""
    if not url:
        return str(remote_id)
    return format_html(
        '<a class="tandem-link tandem-out tandem-nowrap" href="{}" target="_blank" rel="noopener noreferrer" '
        'title="{}">{}<span class="material-symbols-outlined" aria-hidden="true">open_in_new</span></a>',
        url,
        _("Open in Odoo"),
        remote_id,
    )


def value(shown: Any) -> SafeString | str:
    """One value of a field, on one line, whole on hover."""
    if shown is None or shown == "" or shown == []:
        return format_html("<em>{}</em>", _("empty"))
    text = shown if isinstance(shown, str) else json.dumps(shown, ensure_ascii=False)
    return format_html('<span class="tandem-value" title="{}">{}</span>', text, text)


def words(text: str) -> SafeString | str:
    """A sentence in a list: two lines at most, whole on hover."""
    return format_html('<span class="tandem-words" title="{}">{}</span>', text, text) if text else cells.NOTHING


def as_json(data: Any) -> SafeString | str:
    """A JSON value for a detail page."""
    if not data:
        return cells.NOTHING
    return format_html('<pre class="tandem-json">{}</pre>', json.dumps(data, indent=1, ensure_ascii=False))
