"""What is done with a deal, an activity or a task from its page."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from crm.forms import ReasonForm
from crm.models import Activity, Opportunity, Task
from crm.registry import RecordAction, register_record_actions
from crm.services import activities, pipeline, tasks


class OutcomeForm(forms.Form):
    """What came of an activity."""

    outcome = forms.CharField(label=gettext_lazy("Outcome"), max_length=255, required=False)
    next_steps = forms.CharField(
        label=gettext_lazy("Next steps"), widget=forms.Textarea(attrs={"rows": 3}), required=False
    )


def _won(deal: Opportunity, **values: Any) -> tuple[Any, Any]:
    return _("“%(name)s” is won. Well done!") % {"name": deal}, pipeline.win_opportunity(deal, **values)


def _lost(deal: Opportunity, **values: Any) -> tuple[Any, Any]:
    return _("“%(name)s” is lost.") % {"name": deal}, pipeline.lose_opportunity(deal, **values)


def _reopened(deal: Opportunity, **values: Any) -> tuple[Any, Any]:
    return _("“%(name)s” is open again.") % {"name": deal}, pipeline.reopen_opportunity(deal, **values)


def _activity_done(activity: Activity, **values: Any) -> tuple[Any, Any]:
    return _("“%(name)s” is done.") % {"name": activity}, activities.complete_activity(activity, **values)


def _activity_open(activity: Activity, **values: Any) -> tuple[Any, Any]:
    return _("“%(name)s” is open again.") % {"name": activity}, activities.reopen_activity(activity, **values)


def _task_done(task: Task, **values: Any) -> tuple[Any, Any]:
    return _("“%(name)s” is done.") % {"name": task}, tasks.complete_task(task, **values)


def _task_open(task: Task, **values: Any) -> tuple[Any, Any]:
    return _("“%(name)s” is open again.") % {"name": task}, tasks.reopen_task(task, **values)


WIN = RecordAction(
    "win",
    gettext_lazy("Won"),
    "star",
    gettext_lazy("Mark “%(name)s” as won?"),
    _won,
    (gettext_lazy("It goes to the won stage with a probability of 100 %."),),
    main=True,
)
LOSE = RecordAction(
    "lose",
    gettext_lazy("Lost"),
    "x",
    gettext_lazy("Mark “%(name)s” as lost?"),
    _lost,
    (gettext_lazy("It goes to the lost stage. In Odoo it is archived with the reason."),),
    form=lambda record, user, sent: ReasonForm(sent),
)
REOPEN = RecordAction(
    "reopen",
    gettext_lazy("Reopen"),
    "arrow-back-up",
    gettext_lazy("Reopen “%(name)s”?"),
    _reopened,
    (gettext_lazy("It goes back to the last open stage it was in, with that stage's probability."),),
)
ACTIVITY_DONE = RecordAction(
    "complete",
    gettext_lazy("Done"),
    "check",
    gettext_lazy("Mark “%(name)s” as done?"),
    _activity_done,
    form=lambda record, user, sent: OutcomeForm(
        sent, initial={"outcome": record.outcome, "next_steps": record.next_steps}
    ),
    main=True,
)
ACTIVITY_OPEN = RecordAction(
    "reopen", gettext_lazy("Reopen"), "arrow-back-up", gettext_lazy("Reopen “%(name)s”?"), _activity_open
)
TASK_DONE = RecordAction(
    "complete", gettext_lazy("Done"), "check", gettext_lazy("Mark “%(name)s” as done?"), _task_done, main=True
)
TASK_OPEN = RecordAction(
    "reopen", gettext_lazy("Reopen"), "arrow-back-up", gettext_lazy("Reopen “%(name)s”?"), _task_open
)


def actions_of(record: Any) -> list[RecordAction]:
    """What can be done with this record as it stands; nothing in the trash."""
    if record.archived_at is not None:
        return []
    if isinstance(record, Opportunity):
        settled = record.lost_at or record.stage.is_won or record.stage.is_lost
        return [REOPEN] if settled else [WIN, LOSE]
    if isinstance(record, Activity):
        return [ACTIVITY_OPEN if record.done_at else ACTIVITY_DONE]
    if isinstance(record, Task):
        return [TASK_OPEN if record.done_at else TASK_DONE]
    return []


def register() -> None:
    """Join the record pages; called once when the app is ready."""
    register_record_actions(actions_of)
