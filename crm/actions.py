"""What is done with a deal, an activity or a task from its page."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy

from crm.forms import ReasonForm
from crm.models import Activity, Opportunity, Task
from crm.registry import RecordAction, does, register_record_actions
from crm.services import activities, pipeline, tasks

DONE = gettext_lazy("“%(name)s” is done.")
OPEN_AGAIN = gettext_lazy("“%(name)s” is open again.")


class OutcomeForm(forms.Form):
    """What came of an activity."""

    outcome = forms.CharField(label=gettext_lazy("Outcome"), max_length=255, required=False)
    next_steps = forms.CharField(
        label=gettext_lazy("Next steps"), widget=forms.Textarea(attrs={"rows": 3}), required=False
    )


WIN = RecordAction(
    "win",
    gettext_lazy("Won"),
    "star",
    gettext_lazy("Mark “%(name)s” as won?"),
    does(pipeline.win_opportunity, gettext_lazy("“%(name)s” is won. Well done!")),
    (gettext_lazy("It goes to the won stage with a probability of 100 %."),),
    main=True,
)
LOSE = RecordAction(
    "lose",
    gettext_lazy("Lost"),
    "x",
    gettext_lazy("Mark “%(name)s” as lost?"),
    does(pipeline.lose_opportunity, gettext_lazy("“%(name)s” is lost.")),
    (gettext_lazy("It goes to the lost stage. In Odoo it is archived with the reason."),),
    form=lambda record, user, sent: ReasonForm(sent),
)
REOPEN = RecordAction(
    "reopen",
    gettext_lazy("Reopen"),
    "arrow-back-up",
    gettext_lazy("Reopen “%(name)s”?"),
    does(pipeline.reopen_opportunity, OPEN_AGAIN),
    (gettext_lazy("It goes back to the last open stage it was in, with that stage's probability."),),
)
ACTIVITY_DONE = RecordAction(
    "complete",
    gettext_lazy("Done"),
    "check",
    gettext_lazy("Mark “%(name)s” as done?"),
    does(activities.complete_activity, DONE),
    form=lambda record, user, sent: OutcomeForm(
        sent, initial={"outcome": record.outcome, "next_steps": record.next_steps}
    ),
    main=True,
)
ACTIVITY_OPEN = RecordAction(
    "reopen",
    gettext_lazy("Reopen"),
    "arrow-back-up",
    gettext_lazy("Reopen “%(name)s”?"),
    does(activities.reopen_activity, OPEN_AGAIN),
)
TASK_DONE = RecordAction(
    "complete",
    gettext_lazy("Done"),
    "check",
    gettext_lazy("Mark “%(name)s” as done?"),
    does(tasks.complete_task, DONE),
    main=True,
)
TASK_OPEN = RecordAction(
    "reopen",
    gettext_lazy("Reopen"),
    "arrow-back-up",
    gettext_lazy("Reopen “%(name)s”?"),
    does(tasks.reopen_task, OPEN_AGAIN),
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
