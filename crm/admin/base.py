"""What all record pages of the admin share.

Lists search the casefolded search text and hide the trash; saving calls a service with the changed fields and the
version that was read; deleting is archiving. What a service refuses is shown on the form, with all that was typed.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, ClassVar, cast

from django.contrib import admin
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.admin import ModelAdmin
from unfold.decorators import action, display
from unfold.views import ChangeList

from crm import cells, nouns, own_form, registry
from crm.admin import own_widgets
from crm.admin.filters import TrashFilter
from crm.admin.forms import EXPECTED_VERSION, RecordForm
from crm.admin.questions import REFUSALS, Question, answer, run_each
from crm.custom import CustomField
from crm.models import Record, User


class NeverDeletes(ModelAdmin):
    """Rows are archived, not deleted."""

    show_full_result_count = False
    empty_value_display = cells.NOTHING
    list_per_page = 50
    list_filter_submit = True
    list_fullwidth = True
    warn_unsaved_form = True

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


class ReadOnlyAdmin(NeverDeletes):
    """A log: nobody adds to it or changes it here."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


class RecordChangeList(ChangeList):
    """A list page that asks once, for all its rows, what other apps say about them."""

    def get_results(self, request: HttpRequest) -> None:
        super().get_results(request)
        if registry.has_list_badges():
            rows: list[Any] = list(cast(Any, self).result_list)
            badges = registry.list_badges(rows)
            for record in rows:
                record.list_badge = badges.get(record.uuid, "")
            self.result_list = rows


class RecordAdmin(NeverDeletes):
    """The pages of one kind of record; subclasses name the services that write it."""

    form = RecordForm
    search_fields: ClassVar[Sequence[str]] = ("search_text",)
    actions: ClassVar[Sequence[str]] = ("archive_selected", "restore_selected")
    actions_detail: ClassVar[Sequence[Any]] = ("archive_one", "restore_one")
    change_form_outer_before_template = "admin/crm/record_head.html"
    change_form_outer_after_template = "admin/crm/related.html"
    tagged: ClassVar[bool] = True
    archive_service: ClassVar[Callable[..., Any]]
    restore_service: ClassVar[Callable[..., Any]]

    def create(self, request: HttpRequest, values: dict[str, Any]) -> Record:
        """Make a record of the form's values; `values` may hold tags."""
        raise NotImplementedError

    def update(self, request: HttpRequest, record: Any, values: dict[str, Any]) -> Record:
        """Change a record; `values` may hold tags and holds expected_version."""
        raise NotImplementedError

    def related(self, request: HttpRequest, record: Any) -> list[Any]:
        """The boxes of related records below the form; see crm/admin/related.py."""
        return []

    # --- lists

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        return RecordChangeList

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        queryset = super().get_queryset(request).visible_to(request.user)
        match = request.resolver_match
        if self.tagged and match is not None and (match.url_name or "").endswith("_changelist"):
            queryset = queryset.prefetch_related("tags")
        return queryset

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        found = queryset.search(search_term)  # type: ignore[attr-defined]
        if (request.resolver_match and request.resolver_match.url_name) == "autocomplete":
            found = found.active()
        return found, False

    def get_list_display(self, request: HttpRequest) -> list[Any]:
        columns = list(super().get_list_display(request))
        return [*columns, "badge_column"] if registry.has_list_badges() else columns

    def get_list_filter(self, request: HttpRequest) -> list[Any]:
        return [*super().get_list_filter(request), TrashFilter]

    @display(description=gettext_lazy("sync"))
    def badge_column(self, record: Record) -> SafeString | str:
        return getattr(record, "list_badge", "") or cells.NOTHING

    @display(description=gettext_lazy("tags"))
    def tag_column(self, record: Any) -> SafeString | str:
        return cells.tags(record.tags.all())

    @display(description=gettext_lazy("updated"), ordering="updated_at")
    def updated(self, record: Record) -> SafeString | str:
        return cells.ago(record.updated_at)

    # --- the form

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        kwargs["form"] = own_form.with_own(self.form, self.own_fields(request), own_widgets.WIDGETS)
        form = super().get_form(request, obj, change=change, **kwargs)
        refusal = getattr(request, "refusal", None)
        return type(form.__name__, (form,), {"actor": request.user, "refusal": refusal})

    def own_fields(self, request: HttpRequest) -> list[CustomField]:
        """The user's own fields of this kind of record; asked for once per request."""
        known: dict[type, list[CustomField]] = request.__dict__.setdefault("_tandem_own_fields", {})
        if self.model not in known:
            known[self.model] = registry.own_fields(self.model)
        return known[self.model]

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> list[Any]:
        fieldsets = [(title, {**options}) for title, options in super().get_fieldsets(request, obj)]
        if fields := self.own_fields(request):
            looks = obj is not None and not self.has_change_permission(request, obj)
            names = own_widgets.readers(fields) if looks else [own_form.form_name(one) for one in fields]
            fieldsets.append((own_form.TITLE, {"fields": names}))
        if obj is not None and self.has_change_permission(request, obj):
            title, options = fieldsets[0]
            held = [name for name in options["fields"] if name != EXPECTED_VERSION]
            fieldsets[0] = (title, {**options, "fields": [*held, EXPECTED_VERSION]})
        return fieldsets

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        allowed = super().has_change_permission(request, obj)
        return allowed and not (isinstance(obj, Record) and bool(obj.frozen_reason))

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> Any:
        """Show or save; a refusal of the service comes after the roll-back and shows the form once more."""
        try:
            return super().changeform_view(request, object_id, form_url, extra_context)
        except REFUSALS as refusal:
            request.refusal = refusal  # type: ignore[attr-defined]
            return super().changeform_view(request, object_id, form_url, extra_context)

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        record = self.record(request, object_id)
        context: dict[str, Any] = {**(extra_context or {})}
        if record is not None:
            context["record"] = record
            context["panels"] = registry.record_panels(record, request.user)
            context["related"] = self.related(request, record)
        return super().change_view(request, object_id, form_url, context)

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        values = form.values(changed_only=change)
        if change:
            expected = form.cleaned_data.get(EXPECTED_VERSION)
            if expected is None:
                raise ValidationError(_("The form has lost its version. Open the page again, then save."))
            saved = self.update(request, obj, {**values, EXPECTED_VERSION: expected})
        else:
            saved = self.create(request, values)
        obj.pk = saved.pk
        obj._state.adding = False
        obj.refresh_from_db()

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        """Nothing: tags went through the service, and the inlines are read-only."""

    # --- trash

    @admin.action(description=gettext_lazy("Move to the trash"), permissions=["change"])
    def archive_selected(self, request: HttpRequest, queryset: QuerySet[Any]) -> None:
        service = type(self).archive_service
        run_each(request, queryset, lambda record: service(record, actor=request.user), done=_("moved to the trash"))

    @admin.action(description=gettext_lazy("Restore from the trash"), permissions=["change"])
    def restore_selected(self, request: HttpRequest, queryset: QuerySet[Any]) -> None:
        service = type(self).restore_service
        run_each(request, queryset, lambda record: service(record, actor=request.user), done=_("restored"))

    @action(description=gettext_lazy("Move to the trash"), url_path="archive", icon="delete", permissions=["archive"])
    def archive_one(self, request: HttpRequest, object_id: str) -> HttpResponse:
        return self.ask_one(
            request,
            object_id,
            title=_("Move “%(name)s” to the trash?"),
            sentences=[_("It leaves the lists and can be restored at any time."), _("In Odoo it is archived.")],
            button=_("Move to the trash"),
            icon="delete",
            run=lambda record, values: type(self).archive_service(record, actor=request.user),
            done=_("“%(name)s” is in the trash."),
        )

    @action(description=gettext_lazy("Restore"), url_path="restore", icon="restore_from_trash", permissions=["restore"])
    def restore_one(self, request: HttpRequest, object_id: str) -> HttpResponse:
        return self.ask_one(
            request,
            object_id,
            title=_("Restore “%(name)s”?"),
            sentences=[_("It comes back to the lists. In Odoo it is unarchived.")],
            button=_("Restore"),
            icon="restore_from_trash",
            run=lambda record, values: type(self).restore_service(record, actor=request.user),
            done=_("“%(name)s” is back."),
        )

    def has_archive_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        record = self.record(request, object_id)
        return record is not None and self.has_change_permission(request, record) and record.archived_at is None

    def has_restore_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        record = self.record(request, object_id)
        return record is not None and self.has_change_permission(request, record) and record.archived_at is not None

    # --- one record

    def record(self, request: HttpRequest, object_id: Any) -> Any:
        """The record of this page as this user may see it, or None; read once per request."""
        known: dict[tuple[type, str], Any] = request.__dict__.setdefault("_tandem_records", {})
        key = (self.model, str(object_id))
        if key not in known:
            known[key] = self.get_object(request, str(object_id)) if object_id else None
        return known[key]

    def ask_one(
        self,
        request: HttpRequest,
        object_id: str,
        *,
        title: str,
        button: str,
        run: Callable[[Any, dict[str, Any]], Any],
        done: str,
        sentences: Sequence[Any] = (),
        icon: str = "help",
        form: Any = None,
    ) -> HttpResponse:
        """Ask about one record, then run a service on it; titles and sentences may name %(name)s."""
        record = self.record(request, object_id)
        if record is None:
            return HttpResponseRedirect(reverse("admin:index"))
        back = nouns.url_of(record) or reverse(
            f"admin:{self.opts.app_label}_{self.opts.model_name}_change", args=(record.pk,)
        )
        question = Question(
            title=title % {"name": record}, button=button, back=back, sentences=sentences, icon=icon, form=form
        )

        def confirmed(values: dict[str, Any]) -> str:
            run(record, values)
            return done % {"name": record}

        return answer(request, self, question, confirmed)


def acting(request: HttpRequest) -> User:
    """The person who is signed in."""
    return cast(User, request.user)


__all__ = ["NeverDeletes", "ReadOnlyAdmin", "RecordAdmin", "acting"]
