"""mail.template: placeholders, sending, and who may write them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from ..errors import AccessError, BuiltinError
from ..fields import Field, Row, char, many2one
from .base import BaseModel
from .rpc import id_list, on_records

if TYPE_CHECKING:
    from ..env import Env

_INLINE = re.compile(r"\{\{\s*object\.(\w+)\s*\}\}")
_BLOCK = re.compile(r"<t t-out=['\"]object\.(\w+)['\"]\s*(?:/>|></t>)")
_ANY = re.compile(r"\{\{|t-out=|t-esc=")


class Template(BaseModel):
    """Mail templates."""

    name = "mail.template"
    label = "Email Templates"
    order = "name, id"
    columns = (
        char("name", "Name"),
        many2one("model_id", "Applies to", "ir.model"),
        char("model", "Related Document Model", readonly=True),
        char("subject", "Subject"),
        Field("body_html", "text", "Body"),
        char("email_from", "From"),
        char("email_to", "To (Emails)"),
        char("partner_to", "To (Partners)"),
        Field("auto_delete", "boolean", "Auto Delete"),
    )

    def defaults(self, env: Env) -> Row:
        return {"auto_delete": True}

    def prepare(self, env: Env, values: Row, *, old: Row | None) -> Row:
        """From 19 on only template editors, here administrators, may write placeholders."""
        texts = [str(values.get(name) or "") for name in ("subject", "body_html", "email_to", "partner_to")]
        if self.series >= 19 and not env.is_admin and any(map(_ANY.search, texts)):
            raise AccessError(
                "Only members of Mail Template Editor group are allowed to edit templates "
                "containing sensible placeholders"
            )
        if values.get("model_id"):
            values["model"] = (env.tx.get("ir.model", values["model_id"]) or {}).get("model")
        return values

    def _fill(self, env: Env, template: Row, record_id: int) -> dict[str, str]:
        model = template.get("model")
        if not model:
            raise BuiltinError("KeyError", "False", arguments=[False])
        record = env.model(model).known(env, [record_id])[0]

        def value(found: re.Match[str]) -> str:
            return str(record.get(found[1], ""))

        return {
            "subject": _INLINE.sub(value, template.get("subject", "")),
            "body_html": _BLOCK.sub(value, template.get("body_html", "")),
        }

    @on_records
    def send_mail(
        self,
        env: Env,
        ids: Any,
        res_id: int = 0,
        force_send: bool = False,
        raise_exception: bool = False,
        email_values: Any = None,
    ) -> int:
        """Make the mail for one record; returns its id."""
        template = self.known(env, id_list(ids))[0]
        filled = self._fill(env, template, res_id)
        recipient = res_id if template.get("model") == "res.partner" else 0
        return int(env.model("mail.mail").send(env, filled["subject"], [recipient])["id"])  # type: ignore[attr-defined]

    @on_records
    def generate_email(self, env: Env, ids: Any, res_ids: Any = 0, fields: Any = None) -> dict[int, Row]:
        """Render for records; Odoo 16 only."""
        template = self.known(env, id_list(ids))[0]
        rendered: dict[int, Row] = {}
        for record_id in id_list(res_ids):
            filled = self._fill(env, template, record_id)
            rendered[record_id] = {
                **filled,
                "body": filled["body_html"],
                "mail_server_id": False,
                "auto_delete": bool(template.get("auto_delete")),
                "model": template.get("model"),
                "res_id": record_id,
                "attachment_ids": [],
            }
        return rendered
