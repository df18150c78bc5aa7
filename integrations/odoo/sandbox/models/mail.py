"""Messages, notifications and outgoing mail: what shows in the chatter, and what would leave the house."""

from __future__ import annotations

import html as markup
from typing import TYPE_CHECKING

from ..errors import AccessError
from ..fields import Field, Row, char, many2one, selection
from .base import BaseModel

if TYPE_CHECKING:
    from ..env import Env

COMMENT, NOTE = 1, 2


class Subtype(BaseModel):
    """Kinds of message."""

    name = "mail.message.subtype"
    label = "Message subtypes"
    columns = (char("name", "Message Type"), Field("internal", "boolean", "Internal Only"))


class Message(BaseModel):
    """Entries of the chatter."""

    name = "mail.message"
    label = "Message"
    order = "id desc"
    rec_name = "subject"
    columns = (
        char("subject", "Subject"),
        Field("date", "datetime", "Date"),
        Field("body", "html", "Contents"),
        char("model", "Related Document Model"),
        Field("res_id", "many2one_reference", "Related Document ID"),
        char("record_name", "Message Record Name"),
        selection(
            "message_type",
            "Type",
            ("email", "Incoming Email"),
            ("comment", "Comment"),
            ("notification", "System notification"),
            ("user_notification", "User Specific Notification"),
            ("auto_comment", "Automated Targeted Notification"),
            ("email_outgoing", "Outgoing Email"),
        ),
        many2one("subtype_id", "Subtype", "mail.message.subtype"),
        many2one("author_id", "Author", "res.partner"),
        char("email_from", "From"),
        Field("is_internal", "boolean", "Employee Only"),
        Field("partner_ids", "many2many", "Recipients", relation="res.partner"),
        Field("attachment_ids", "many2many", "Attachments", relation="ir.attachment"),
    )

    def display(self, env: Env, row: Row) -> str:
        if env.series >= 19:
            return str(row.get("subject") or row.get("record_name") or "")
        return str(row.get("record_name") or row.get("subject") or "")

    def defaults(self, env: Env) -> Row:
        return {
            "date": env.tx.now[:19],
            "author_id": env.user.get("partner_id"),
            "email_from": env.user.get("login"),
            "message_type": "comment",
        }

    def prepare(self, env: Env, values: Row, *, old: Row | None) -> Row:
        target = values.get("model")
        if old is None and target in env.engine.models and values.get("res_id"):
            record = env.model(target).known(env, [values["res_id"]])[0]
            values.setdefault("record_name", env.model(target).display(env, record))
        return values

    def names_every_row(self, env: Env) -> bool:
        return env.series >= 17

    def before_load_update(self, env: Env, values: Row) -> None:
        """From 17 on a message that exists keeps its target: this tells a client that it is there already."""
        if self.series >= 17 and not env.is_admin and not {"model", "res_id"}.isdisjoint(values):
            raise AccessError("Only administrators can modify 'model' and 'res_id' fields.")

    def log(self, env: Env, model: str, record_id: int, body: str) -> Row:
        """Write a line of Odoo's own into the chatter, as a create or a tracked change does."""
        target = env.tx.get(model, record_id)
        values = {
            "model": model,
            "res_id": record_id,
            "record_name": env.model(model).display(env, target) if target else None,
            "body": body,
            "message_type": "notification",
            "subtype_id": NOTE,
            "is_internal": True,
        }
        with env.system():
            return self.insert(_plain(env), {name: value for name, value in values.items() if value})


def _plain(env: Env) -> Env:
    """Return the environment without ``default_*`` keys, which are meant for the record, not its message."""
    other = env.with_context()
    other.context = {key: value for key, value in env.context.items() if not key.startswith("default_")}
    return other


def post(
    env: Env,
    model: BaseModel,
    record_id: int,
    *,
    body: str = "",
    subject: str | bool = False,
    message_type: str = "notification",
    subtype_xmlid: str | None = None,
    partner_ids: list[int] | None = None,
    body_is_html: bool = False,
    attachment_ids: list[int] | None = None,
) -> Row:
    """Post to a record's chatter; with the comment subtype the given partners get a mail.

    From 17 on a plain string is text: its tags are escaped unless ``body_is_html``.
    """
    record = model.known(env, [record_id])[0]
    text = str(body or "")
    if env.series >= 17 and not body_is_html:
        text = f"<p>{markup.escape(text, quote=False)}</p>" if text else ""
    elif text and "<" not in text:
        text = f"<p>{text}</p>"
    subtype = COMMENT if subtype_xmlid == "mail.mt_comment" else NOTE
    messages = env.model("mail.message")
    with env.system():
        message = messages.insert(
            _plain(env),
            {
                "model": model.name,
                "res_id": record_id,
                "record_name": model.display(env, record),
                "subject": subject or False,
                "body": text,
                "message_type": message_type,
                "subtype_id": subtype,
                "partner_ids": [[6, 0, partner_ids or []]],
                "attachment_ids": [[6, 0, attachment_ids or []]],
            },
        )
        if partner_ids and subtype == COMMENT:
            _notify(env, message, partner_ids)
    return message


def _notify(env: Env, message: Row, partner_ids: list[int]) -> None:
    delivers = env.engine.settings.mail_delivers
    for partner_id in partner_ids:
        env.model("mail.notification").insert(
            env,
            {
                "mail_message_id": message["id"],
                "res_partner_id": partner_id,
                "notification_type": "email",
                "notification_status": "sent" if delivers else "exception",
                "failure_type": False if delivers else "mail_smtp",
            },
        )
    env.model("mail.mail").send(env, str(message.get("subject") or ""), partner_ids)  # type: ignore[attr-defined]


class Notification(BaseModel):
    """Delivery state of a message for one partner. A sandbox without a mail server says ``mail_smtp``."""

    name = "mail.notification"
    label = "Message Notifications"
    rec_name = "res_partner_id"
    columns = (
        many2one("mail_message_id", "Message", "mail.message", required=True),
        many2one("res_partner_id", "Recipient", "res.partner"),
        selection("notification_type", "Notification Type", ("inbox", "Inbox"), ("email", "Email")),
        selection(
            "notification_status",
            "Status",
            ("ready", "Ready to Send"),
            ("process", "Processing"),
            ("pending", "Sent"),
            ("sent", "Delivered"),
            ("bounce", "Bounced"),
            ("exception", "Exception"),
            ("canceled", "Cancelled"),
        ),
        selection(
            "failure_type",
            "Failure type",
            ("unknown", "Unknown error"),
            ("mail_bounce", "Bounce"),
            ("mail_email_invalid", "Invalid email address"),
            ("mail_email_missing", "Missing email address"),
            ("mail_smtp", "Connection failed (outgoing mail server problem)"),
        ),
    )


class Mail(BaseModel):
    """Outgoing mail. Nothing ever leaves the sandbox; every row here is a mail that a real Odoo would send."""

    name = "mail.mail"
    label = "Outgoing Mails"
    order = "id desc"
    rec_name = "subject"
    columns = (
        char("subject", "Subject"),
        Field("body_html", "text", "Text Contents"),
        char("email_to", "To"),
        Field("recipient_ids", "many2many", "To (Partners)", relation="res.partner"),
        selection("state", "Status", ("outgoing", "Outgoing"), ("sent", "Sent"), ("exception", "Delivery Failed")),
        Field("failure_reason", "text", "Failure Reason"),
        Field("auto_delete", "boolean", "Auto Delete"),
    )

    def send(self, env: Env, subject: str, partner_ids: list[int]) -> Row:
        """Count a mail to these partners."""
        with env.system():
            return self.insert(
                _plain(env),
                {
                    "subject": subject,
                    "recipient_ids": [[6, 0, [one for one in partner_ids if one]]],
                    "state": "sent" if env.engine.settings.mail_delivers else "exception",
                },
            )
