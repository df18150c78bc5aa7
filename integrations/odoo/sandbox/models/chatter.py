"""Models with a chatter: ``message_post`` and ``activity_schedule``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..errors import value_error
from .base import BaseModel
from .mail import post
from .rpc import Recordset, id_list, on_records

if TYPE_CHECKING:
    from ..env import Env

POST_ARGUMENTS = frozenset(
    {"body", "subject", "message_type", "subtype_xmlid", "partner_ids", "body_is_html", "attachment_ids"}
)


class Chatter(BaseModel):
    """A model whose records have messages and activities."""

    @on_records
    def message_post(self, env: Env, ids: Any, **arguments: Any) -> Any:
        """Post one message; answers its id, from 19 on a list with it."""
        record_ids = id_list(ids)
        if len(record_ids) != 1:
            raise value_error(f"Expected singleton: {Recordset(self.name, tuple(record_ids))}")
        known = {name: value for name, value in arguments.items() if name in POST_ARGUMENTS}
        message = post(env, self, record_ids[0], **known)
        return [message["id"]] if env.series >= 19 else message["id"]

    @on_records
    def activity_schedule(
        self,
        env: Env,
        ids: Any,
        act_type_xmlid: str = "",
        date_deadline: str | bool = False,
        summary: str = "",
        note: str = "",
        **act_values: Any,
    ) -> Recordset:
        """Add an activity to each record."""
        made = []
        model = next((row["id"] for row in env.tx.rows("ir.model") if row["model"] == self.name), 0)
        kinds = env.tx.by("ir.model.data", "complete_name", [act_type_xmlid])
        for row in self.known(env, id_list(ids)):
            values = {
                "res_model_id": model,
                "res_id": row["id"],
                "activity_type_id": kinds[0]["res_id"] if kinds else False,
                "summary": summary,
                "note": note,
                **act_values,
            }
            if date_deadline:
                values["date_deadline"] = date_deadline
            made.append(env.model("mail.activity").insert(env, values)["id"])
        return Recordset("mail.activity", tuple(made))

    @on_records
    def activity_feedback(self, env: Env, ids: Any, act_type_xmlids: list[str], feedback: str = "") -> bool:
        """Close the activities of these types."""
        wanted = {row["res_id"] for row in env.tx.by("ir.model.data", "complete_name", act_type_xmlids)}
        for one in env.tx.by("mail.activity", "res_id", id_list(ids)):
            if one.get("res_model") == self.name and one.get("activity_type_id") in wanted:
                env.model("mail.activity").action_feedback(env, [one["id"]], feedback)  # type: ignore[attr-defined]
        return True
