"""JSON-2 at /json/2/<model>/<method>: Odoo 19 and later. Arguments have names, the key travels in a header.

A status tells little here: 500 is often a client's mistake (unknown field, wrong value), so the exception's name in the
body decides. Without the JSON content type Odoo answers 415; with an empty body it drops every argument.
"""

from __future__ import annotations

import re
from typing import Any

import orjson

from integrations.errors import ConfigError, RateLimited
from integrations.network.http import HttpReply
from integrations.odoo.wire.classify import Asked, named_error, reply_error
from integrations.odoo.wire.transports.base import Call, Login, WireRequest, to_json

NO_SUCH_PAGE = "This Odoo does not know the database, or it has no JSON-2 (it came with Odoo 19)."

# Positional arguments by name, for the methods that this product calls. "ids" are the records a method runs on.
SIGNATURES: dict[str, tuple[str, ...]] = {
    "search": ("domain", "offset", "limit", "order"),
    "search_count": ("domain", "limit"),
    "search_read": ("domain", "fields", "offset", "limit", "order"),
    "read": ("ids", "fields", "load"),
    "read_group": ("domain", "fields", "groupby", "offset", "limit", "orderby", "lazy"),
    "name_search": ("name", "domain", "operator", "limit"),
    "fields_get": ("allfields", "attributes"),
    "default_get": ("fields",),
    "check_access_rights": ("operation", "raise_exception"),
    "has_access": ("ids", "operation"),
    "has_group": ("ids", "group_ext_id"),
    "get_external_id": ("ids",),
    "get_metadata": ("ids",),
    "check_object_reference": ("module", "xml_id", "raise_on_access_error"),
    "context_get": (),
    "create": ("vals_list",),
    "write": ("ids", "vals"),
    "unlink": ("ids",),
    "load": ("fields", "data"),
    "action_archive": ("ids",),
    "action_unarchive": ("ids",),
    "message_post": ("ids",),
    "activity_schedule": ("ids", "act_type_xmlid", "date_deadline", "summary", "note"),
    "action_feedback": ("ids", "feedback", "attachment_ids"),
    "action_set_won": ("ids",),
    "action_set_lost": ("ids",),
    "convert_opportunity": ("ids", "partner", "user_ids", "team_id"),
    "merge_opportunity": ("ids", "user_id", "team_id", "auto_unlink"),
    "action_apply": ("ids",),
    "action_merge": ("ids",),
}
# May run on no record: an empty list of ids is left out, as Odoo's own documentation does.
_ON_NOTHING = {"has_access"}
_NAME = re.compile(r"[A-Za-z_][\w.]*")


class Json2:
    """See `base.Transport`. Odoo takes an API key here, never a password."""

    name = "json2"
    needs_uid = False

    def __init__(self, login: Login) -> None:
        self._login = login

    def version_request(self) -> WireRequest:
        return WireRequest("GET", "/web/version", {"Accept": "application/json"}, None)

    def read_version(self, reply: HttpReply) -> dict[str, Any]:
        value = self.read(reply, Asked(method="version"))
        if not isinstance(value, dict):
            return {}
        return {"server_version": value.get("version", ""), "server_version_info": value.get("version_info", [])}

    def uid_request(self) -> WireRequest:
        return self.request(Call("res.users", "context_get"), 0)

    def read_uid(self, reply: HttpReply) -> int | None:
        value = self.read(reply, Asked(model="res.users", method="context_get"))
        uid = value.get("uid") if isinstance(value, dict) else None
        return uid if isinstance(uid, int) and uid else None

    def request(self, call: Call, uid: int) -> WireRequest:
        if not _NAME.fullmatch(call.model) or not _NAME.fullmatch(call.method):
            raise ConfigError(f"“{call.model}.{call.method}” is not the name of a method.")
        headers = {
            "Content-Type": "application/json; charset=utf-8",
            "Authorization": f"bearer {self._login.secret}",
            "X-Odoo-Database": self._login.database,
        }
        return WireRequest("POST", f"/json/2/{call.model}/{call.method}", headers, to_json(name_arguments(call)))

    def read(self, reply: HttpReply, asked: Asked) -> Any:
        if reply.status in (429, 503) or 300 <= reply.status < 400:
            raise reply_error(reply, asked, hint_404=NO_SUCH_PAGE)
        try:
            body = orjson.loads(reply.body)
        except orjson.JSONDecodeError:
            raise reply_error(reply, asked, hint_404=NO_SUCH_PAGE) from None
        if 200 <= reply.status < 300:
            return body
        if isinstance(body, dict) and isinstance(body.get("name"), str):
            found = named_error(body["name"], str(body.get("message") or ""), asked)
            if isinstance(found, RateLimited):
                found.retry_after = reply.retry_after
            raise found
        raise reply_error(reply, asked, hint_404=NO_SUCH_PAGE)


def name_arguments(call: Call) -> dict[str, Any]:
    """The body of a call: positional arguments under their names.

    Raises ConfigError for a positional argument whose name is not in SIGNATURES, or one that is given twice.
    """
    body = call.named()
    if call.args:
        names = SIGNATURES.get(call.method)
        if names is None or len(call.args) > len(names):
            raise ConfigError(
                f"JSON-2 names its arguments, and the names for {call.method} with {len(call.args)} "
                "positional ones are not known here. Give them by name."
            )
        for name, value in zip(names, call.args, strict=False):
            if name in body:
                raise ConfigError(f"The argument {name} of {call.method} is given twice.")
            body[name] = value
    if call.method in _ON_NOTHING and body.get("ids") == []:
        del body["ids"]
    if call.method == "create" and isinstance(body.get("vals_list"), dict):
        body["vals_list"] = [body["vals_list"]]
    return body
