"""Odoo's own books: saved filters, modules, models, parameters and external ids."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..errors import AccessError, value_error
from ..fields import Field, Row, char, many2one, selection
from .base import BaseModel
from .rpc import on_model

if TYPE_CHECKING:
    from ..env import Env

ACTIVE = Field("active", "boolean", "Active")
NAME = char("name", "Name", required=True)


class Filter(BaseModel):
    """Saved searches."""

    name = "ir.filters"
    label = "Filters"
    order = "name, id desc"
    columns = (
        char("name", "Filter Name", required=True),
        many2one("user_id", "User", "res.users", until=18),
        Field("user_ids", "many2many", "Users", relation="res.users", since=19),
        Field("domain", "text", "Domain"),
        Field("context", "text", "Context"),
        Field("sort", "text", "Sort", until=16),
        char("sort", "Sort", since=17),
        selection("model_id", "Model", required=True),
        Field("is_default", "boolean", "Default Filter"),
        many2one("action_id", "Action", "ir.actions.actions"),
        many2one("embedded_action_id", "Embedded Action", "ir.embedded.actions", since=17),
        Field("embedded_parent_res_id", "integer", "Embedded Parent Res", since=17),
        ACTIVE,
    )

    def defaults(self, env: Env) -> Row:
        return {**super().defaults(env), "domain": "[]", "context": "{}", "sort": "[]"}


class Module(BaseModel):
    """Installed apps."""

    name = "ir.module.module"
    label = "Module"
    columns = (
        NAME,
        char("shortdesc", "Module Name"),
        selection("state", "Status", ("installed", "Installed"), ("uninstalled", "Not Installed")),
        char("latest_version", "Installed Version"),
    )


class ModelEntry(BaseModel):
    """The models themselves; nobody without Settings may read them."""

    name = "ir.model"
    label = "Models"
    columns = (char("name", "Model Description"), char("model", "Model"))


class ModelField(BaseModel):
    """Fields; nobody without Settings may read them."""

    name = "ir.model.fields"
    label = "Fields"
    columns = (
        char("name", "Field Name"),
        char("model", "Model Name"),
        many2one("model_id", "Model", "ir.model"),
    )


class Parameter(BaseModel):
    """System parameters."""

    name = "ir.config_parameter"
    label = "System Parameter"
    rec_name = "key"
    columns = (char("key", "Key"), Field("value", "text", "Value"))


class ExternalId(BaseModel):
    """External ids; a user without Settings may only ask whether one exists."""

    name = "ir.model.data"
    label = "Model Data"
    rec_name = "complete_name"
    columns = (
        char("module", "Module"),
        NAME,
        char("complete_name", "Complete ID"),
        char("model", "Model Name"),
        Field("res_id", "many2one_reference", "Record ID"),
        Field("noupdate", "boolean", "Non Updatable"),
    )

    @on_model
    def check_object_reference(
        self, env: Env, module: str, xml_id: str, raise_on_access_error: bool = False
    ) -> list[Any]:
        """Return ``[model, id]``, ``[model, False]`` for a record not visible in this context.

        Raises ``BuiltinError`` (ValueError) when the external id does not exist.
        """
        for entry in env.tx.by(self.name, "complete_name", [f"{module}.{xml_id}"]):
            model = env.engine.models.get(entry["model"])
            if model is None:
                continue
            found = model.find(env, [["id", "=", entry["res_id"]]], "id")
            if found:
                return [entry["model"], entry["res_id"]]
            if raise_on_access_error:
                raise AccessError(f'Not enough access rights on the external ID "{module}.{xml_id}"')
            return [entry["model"], False]
        raise value_error(f"External ID not found in the system: {module}.{xml_id}")
