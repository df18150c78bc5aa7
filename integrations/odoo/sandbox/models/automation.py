"""Automation rules and their webhook actions: for administrators only, from 17 on."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..fields import Field, Row, char, many2one, selection
from .base import BaseModel

if TYPE_CHECKING:
    from ..env import Env


class Automation(BaseModel):
    """Rules that watch a model."""

    name = "base.automation"
    label = "Automation Rule"
    columns = (
        char("name", "Automation Rule Name", required=True),
        many2one("model_id", "Model", "ir.model", required=True),
        selection(
            "trigger",
            "Trigger",
            ("on_create_or_write", "On create and edit"),
            ("on_create", "On creation"),
            ("on_unlink", "On deletion"),
        ),
        Field("trigger_field_ids", "many2many", "Trigger Fields", relation="ir.model.fields"),
        Field("action_server_ids", "many2many", "Actions", relation="ir.actions.server"),
        Field("active", "boolean", "Active"),
    )

    def prepare(self, env: Env, values: Row, *, old: Row | None) -> Row:
        """Make the actions that come as ``[0, 0, values]``; Odoo keeps them as the many side of the rule."""
        commands = values.get("action_server_ids")
        if commands and not all(isinstance(one, int) for one in commands):
            made = env.model("ir.actions.server")
            values["action_server_ids"] = [
                [4, made.insert(env, {"usage": "base_automation", **one[2]})["id"]] if one[0] == 0 else one
                for one in commands
            ]
        return values

    def before_unlink(self, env: Env, row: Row) -> None:
        """The actions of a rule go with it."""
        actions = env.model("ir.actions.server")
        for one in env.tx.some(actions.name, row.get("action_server_ids", [])):
            actions.remove(env, one)


class ServerAction(BaseModel):
    """What a rule does; the sandbox knows ``webhook``."""

    name = "ir.actions.server"
    label = "Server Actions"
    columns = (
        char("name", "Action Name", required=True),
        many2one("model_id", "Model", "ir.model"),
        char("usage", "Usage"),
        selection("state", "Type", ("webhook", "Send Webhook Notification"), ("code", "Execute Code")),
        char("webhook_url", "Webhook URL"),
        Field("webhook_field_ids", "many2many", "Webhook Fields", relation="ir.model.fields"),
    )
