"""mail.activity: to-dos on records. Done means deleted on 16 and 18, archived on 19."""

from __future__ import annotations

import html as markup
from typing import TYPE_CHECKING, Any

from ..errors import AccessError, RequiredError, ValidationError
from ..fields import Field, Row, char, many2one, selection
from .base import BaseModel
from .mail import post
from .rpc import id_list, on_records

if TYPE_CHECKING:
    from ..env import Env


class ActivityType(BaseModel):
    """Kinds of activity."""

    name = "mail.activity.type"
    label = "Activity Type"
    order = "sequence, id"
    columns = (
        char("name", "Name", required=True),
        Field("sequence", "integer", "Sequence"),
        selection("category", "Action", ("default", "None"), ("phonecall", "Phonecall"), ("meeting", "Meeting")),
        Field("active", "boolean", "Active"),
    )


class Activity(BaseModel):
    """Activities."""

    name = "mail.activity"
    label = "Activity"
    order = "date_deadline, id"
    rec_name = "summary"
    columns = (
        many2one("res_model_id", "Document Model", "ir.model"),
        char(
            "res_model",
            "Related Document Model",
            readonly=True,
        ),
        Field("res_id", "many2one_reference", "Related Document ID"),
        char("res_name", "Document Name", readonly=True),
        many2one("activity_type_id", "Activity Type", "mail.activity.type"),
        char("summary", "Summary"),
        Field("note", "html", "Note"),
        Field("date_deadline", "date", "Due Date"),
        many2one("user_id", "Assigned to", "res.users"),
        Field("active", "boolean", "Active", since=17),
        Field("date_done", "date", "Done Date", since=19),
        selection(
            "state",
            "State",
            ("overdue", "Overdue"),
            ("today", "Today"),
            ("planned", "Planned"),
            ("done", "Done"),
            readonly=True,
            store=False,
            compute=lambda env, row: _state(env, row),
        ),
    )

    def defaults(self, env: Env) -> Row:
        return {**super().defaults(env), "user_id": env.uid, "date_deadline": env.tx.now[:10]}

    def prepare(self, env: Env, values: Row, *, old: Row | None) -> Row:
        if values.get("res_model_id"):
            model = env.tx.get("ir.model", values["res_model_id"]) or {}
            values["res_model"] = model.get("model")
        elif old is None:
            values.pop("res_model", None)
        model_name = values.get("res_model")
        record_id = values.get("res_id")
        if old is None and model_name in env.engine.models and record_id:
            target = env.model(model_name)
            record = env.tx.get(model_name, record_id)
            if record is None and self.series >= 19:
                raise AccessError(
                    "The requested operation cannot be completed due to security restrictions. "
                    "Please contact your system administrator.\n\n"
                    f"(Document type: {self.label}, Operation: create)"
                )
            if record is None:
                raise target.missing(env, [record_id])
            values["res_name"] = target.display(env, record)
        return values

    def check_required(self, env: Env, row: Row) -> None:
        if self.series >= 19 and (not row.get("res_id") or not row.get("res_model")):
            text = "Activities have to be linked to records with a not null res_id."
            raise ValidationError(f"The operation cannot be completed: {text}")
        if not row.get("res_model_id"):
            raise self.required_error(env, self.fields["res_model_id"])

    def required_error(self, env: Env, own: Field) -> RequiredError:
        return super().required_error(env, own)

    def after_create(self, env: Env, row: Row, given: Row) -> None:
        owner = row.get("user_id")
        if owner and owner != env.uid and not env.context.get("mail_activity_quick_update"):
            user = env.tx.get("res.users", owner) or {}
            env.model("mail.mail").send(  # type: ignore[attr-defined]
                env, f"{row.get('summary') or 'Activity'}: assigned to you", [user.get("partner_id", 0)]
            )

    @on_records
    def action_done(self, env: Env, ids: Any) -> int | bool:
        """Mark as done."""
        return self.action_feedback(env, ids)

    @on_records
    def action_feedback(
        self, env: Env, ids: Any, feedback: str | bool = False, attachment_ids: Any = None
    ) -> int | bool:
        """Mark as done: the done message keeps type, summary, feedback and the note. Returns the message's id."""
        message_id: int | bool = False
        for row in self.known(env, id_list(ids)):
            message_id = self._close(env, row, str(feedback or ""))
        return message_id

    def _close(self, env: Env, row: Row, feedback: str) -> int | bool:
        message_id: int | bool = False
        target = env.model(row["res_model"]) if row.get("res_model") in env.engine.models else None
        if target is not None and env.tx.get(target.name, row.get("res_id", 0)) is not None:
            kind = (env.tx.get("mail.activity.type", row.get("activity_type_id", 0)) or {}).get("name", "To Do")
            body = (
                f"<div><p><span>{kind}</span> done: <span>{markup.escape(row.get('summary', ''))}</span></p>"
                f"<div>{row.get('note', '')}</div>"
                + (f"<div>Feedback: {markup.escape(feedback)}</div>" if feedback else "")
                + "</div>"
            )
            message = post(env, target, row["res_id"], body=body, body_is_html=True, message_type="notification")
            message_id = message["id"]
        with env.system():
            if self.series >= 19:
                self.patch(env, row, {"active": None, "date_done": env.tx.now[:10]})
            else:
                self.remove(env, row)
        return message_id


def _state(env: Env, row: Row) -> str:
    if row.get("date_done"):
        return "done"
    today = env.tx.now[:10]
    deadline = row.get("date_deadline", today)
    return "overdue" if deadline < today else "today" if deadline == today else "planned"
