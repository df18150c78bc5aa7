"""Odoo's ways of saying no, turned into our error classes.

Structured fields decide first: the exception's name (`error.data.name` over JSON-RPC, `name` over JSON-2, the end of
the traceback over XML-RPC), then the fault code or HTTP status. Message text decides last, and only where Odoo gives
nothing else: it is written for people and may be translated.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass, field

from integrations.errors import (
    AuthRejected,
    ConfigError,
    FieldUnknown,
    IntegrationError,
    MethodUnknown,
    ModelUnknown,
    PermanentError,
    PlanRefused,
    RateLimited,
    RecordMissing,
    RightMissing,
    SerializationConflict,
    TooLarge,
    TransientError,
    UnknownOutcome,
    ValueRefused,
)
from integrations.network.http import HttpReply, status_error


@dataclass(frozen=True, slots=True)
class Asked:
    """What was asked, as far as the meaning of an error depends on it. `names`: the fields or columns of the call."""

    model: str = ""
    method: str = ""
    write: bool = False
    names: Collection[str] = field(default=(), repr=False)


CONFLICT = re.compile(r"could not serialize access|deadlock detected|could not obtain lock on", re.IGNORECASE)
# "Invalid field 'x' on model 'm'" (or: in 'm', on 'm'), "Invalid field name 'x'", "Invalid field m.x in leaf (…)"
INVALID_FIELD = re.compile(
    r"Invalid field (?:name )?'(?P<quoted>[^']+)'(?: (?:on|in)(?: model)? '(?P<model>[^']+)')?"
    r"|Invalid field (?P<path>[\w.]+) in (?:leaf|condition)"
)
DATABASE_UNKNOWN = re.compile(r'database "?(?P<name>[^"]*)"? does not exist')
DATABASE_UNREACHED = re.compile(r"connection to server|could not connect|too many clients|connection slots|starting up")
MODEL_UNKNOWN = re.compile(
    r"Object (?P<one>[\w.]+) doesn't exist|the model '(?P<two>[\w.]+)' does not exist", re.IGNORECASE
)
METHOD_UNKNOWN = re.compile(r"method '[^']+' does not exist", re.IGNORECASE)
# The tail of MissingError, language apart: "(Record: res.partner(99,), User: 6)".
MISSING_TAIL = re.compile(r"\(\w[^()]*: [\w.]+\([\d, ]+\), [^()]*: \d+\)\s*$")
PLAN = re.compile(r"\bplans?\b", re.IGNORECASE)
API = re.compile(r"\bapi\b", re.IGNORECASE)
LOGIN_PAGE = re.compile(
    rb"/web/login|oe_login_form|/web/database/(?:selector|manager)|web\.assets_frontend", re.IGNORECASE
)
# Python's XML-RPC writer, at work after Odoo has committed.
UNMARSHALLABLE = re.compile(r"cannot marshal|dictionary key must be string|int exceeds XML-RPC limits")

_REFUSALS = {
    "odoo.exceptions.ValidationError",
    "odoo.exceptions.UserError",
    "odoo.exceptions.RedirectWarning",
    "odoo.exceptions.Warning",
    "odoo.exceptions.except_orm",
}
_CONFLICTS = {"SerializationFailure", "DeadlockDetected", "LockNotAvailable", "TransactionRollbackError"}
_BAD_VALUES = {
    "UniqueViolation",
    "NotNullViolation",
    "ForeignKeyViolation",
    "CheckViolation",
    "InvalidTextRepresentation",
    "NumericValueOutOfRange",
    "StringDataRightTruncation",
    "DatetimeFieldOverflow",
    "InvalidDatetimeFormat",
    "IntegrityError",
    "DataError",
}


def named_error(name: str, message: str, asked: Asked) -> IntegrationError:
    """The error for an exception of Odoo. `name`: its dotted class name; `message`: its words."""
    words = message.strip()
    detail = f"{name}: {words}" if words else name
    short = name.rpartition(".")[2]
    if name == "odoo.exceptions.AccessDenied" or short in ("Unauthorized", "SessionExpiredException"):
        if PLAN.search(words) and API.search(words):
            return _plan(detail)
        return AuthRejected("Odoo refused the user or the key.", detail=detail)
    if short == "AccessError":
        if PLAN.search(words) and API.search(words):
            return _plan(detail)
        return RightMissing(f"The Odoo user may not {_doing(asked)}.", detail=detail)
    if short == "Forbidden":
        return _plan(detail) if PLAN.search(words) else RightMissing("Odoo does not allow this request.", detail=detail)
    if short == "MissingError":
        return RecordMissing("A record does not exist in Odoo or has been deleted there.", detail=detail)
    if name.startswith(("psycopg2.", "odoo.sql_db.")):
        return _database_error(short, words, detail, asked)
    if name in _REFUSALS:
        return _refusal(words, detail, asked)
    if name.startswith("builtins."):
        return _python_error(short, words, detail, asked)
    if name.startswith("werkzeug.exceptions."):
        return _werkzeug_error(short, words, detail, asked)
    if CONFLICT.search(words):
        return SerializationConflict("Another change in Odoo was first; nothing was written.", detail=detail)
    return PermanentError(f"Odoo failed to {_doing(asked)}.", detail=detail)


def _refusal(words: str, detail: str, asked: Asked) -> IntegrationError:
    if MODEL_UNKNOWN.search(words):
        return ModelUnknown(f"This Odoo has no model {asked.model}.", detail=detail)
    if MISSING_TAIL.search(words):
        return RecordMissing("A record does not exist in Odoo or has been deleted there.", detail=detail)
    if CONFLICT.search(words):
        return SerializationConflict("Another change in Odoo was first; nothing was written.", detail=detail)
    return ValueRefused(f"Odoo refused to {_doing(asked)}.", detail=detail)


def _python_error(short: str, words: str, detail: str, asked: Asked) -> IntegrationError:
    if short == "ValueError" and asked.method == "check_object_reference":
        return RecordMissing("Odoo knows no record by this external id.", detail=detail)
    invalid = INVALID_FIELD.search(words)
    if invalid:
        name, model = invalid["quoted"], invalid["model"] or asked.model
        if invalid["path"]:
            model, _, name = invalid["path"].rpartition(".")
        return FieldUnknown(f"Odoo has no field {name} on {model}.", field=name, model=model, detail=detail)
    key = words.strip("'\"")
    if short == "KeyError" and key in {column.partition("/")[0] for column in asked.names}:
        # `load` of Odoo 16 with an unknown column.
        return FieldUnknown(f"Odoo has no field {key} on {asked.model}.", field=key, model=asked.model, detail=detail)
    if short == "AttributeError" and METHOD_UNKNOWN.search(words):
        return MethodUnknown(f"This Odoo has no method {asked.model}.{asked.method}.", detail=detail)
    if short == "ValueError":
        return ValueRefused(f"Odoo refused a value to {_doing(asked)}.", detail=detail)
    if short in ("MemoryError", "TimeoutError", "ConnectionError", "OSError"):
        return TransientError("Odoo is short of resources.", detail=detail)
    return PermanentError(f"Odoo failed to {_doing(asked)}.", detail=detail)


def _database_error(short: str, words: str, detail: str, asked: Asked) -> IntegrationError:
    unknown = DATABASE_UNKNOWN.search(words)
    if unknown:
        return ConfigError(f"Odoo has no database named “{unknown['name']}”.", detail=detail)
    if short in _CONFLICTS or CONFLICT.search(words):
        return SerializationConflict("Another change in Odoo was first; nothing was written.", detail=detail)
    if short in _BAD_VALUES:
        return ValueRefused(f"Odoo's database refused a value to {_doing(asked)}.", detail=detail)
    if short == "PoolError" or DATABASE_UNREACHED.search(words):
        return TransientError("Odoo cannot reach its database at the moment.", detail=detail)
    if short in ("OperationalError", "InterfaceError", "AdminShutdown", "QueryCanceled"):
        # The line to the database may have broken after the commit.
        if asked.write and short != "QueryCanceled":
            return UnknownOutcome("Odoo lost its database while handling a change.", detail=detail)
        return TransientError("Odoo lost its database while answering.", detail=detail)
    return PermanentError(f"Odoo's database refused to {_doing(asked)}.", detail=detail)


def _werkzeug_error(short: str, words: str, detail: str, asked: Asked) -> IntegrationError:
    if short == "NotFound":
        if MODEL_UNKNOWN.search(words):
            return ModelUnknown(f"This Odoo has no model {asked.model}.", detail=detail)
        if METHOD_UNKNOWN.search(words):
            return MethodUnknown(f"This Odoo has no method {asked.model}.{asked.method}.", detail=detail)
        return PermanentError("Odoo does not know this address.", detail=detail)
    if short == "RequestEntityTooLarge":
        return TooLarge("The request is larger than Odoo accepts.", detail=detail)
    if short == "TooManyRequests":
        return RateLimited("Odoo asks us to slow down.", detail=detail)
    if short in ("ServiceUnavailable", "RequestTimeout"):
        return TransientError("Odoo is not available at the moment.", detail=detail)
    return PermanentError(f"Odoo failed to {_doing(asked)}.", detail=detail)


# --- XML-RPC faults -------------------------------------------------------------------------------------------------


def fault_error(code: int | str, text: str, asked: Asked) -> IntegrationError | None:
    """The error for an XML-RPC fault, or None when the work is done and only its value could not be written down."""
    if code == 1:
        name, message = traceback_end(text)
        if name in ("builtins.TypeError", "builtins.OverflowError") and UNMARSHALLABLE.match(message):
            return None
        return named_error(name, message, asked)
    if code == 3:
        return named_error("odoo.exceptions.AccessDenied", text, asked)
    if code == 4:
        return named_error("odoo.exceptions.AccessError", text, asked)
    if code == 2:
        return named_error("odoo.exceptions.UserError", text, asked)
    return PermanentError(f"Odoo failed to {_doing(asked)}.", detail=f"fault {code}: {text.strip()}")


def traceback_end(text: str) -> tuple[str, str]:
    """Dotted class name and message of the exception at the end of a traceback.

    The message may have several lines, so the last *line* is not enough: it begins at the first line that is not
    indented after the last "Traceback".
    """
    _, _, block = text.rpartition("Traceback (most recent call last):")
    lines = block.strip("\n").split("\n")
    start = next((number for number, line in enumerate(lines) if line and not line[0].isspace()), 0)
    name, colon, message = "\n".join(lines[start:]).strip().partition(":")
    if not colon and not re.fullmatch(r"[\w.]+", name):
        return "builtins.Exception", name
    if "." not in name:
        name = f"builtins.{name}"
    return name, message.strip()


# --- HTTP answers without structure ---------------------------------------------------------------------------------


def reply_error(reply: HttpReply, asked: Asked, *, hint_404: str) -> IntegrationError:
    """The error for an answer that is not in the transport's own language (a page, an empty or a cut body).

    `hint_404`: what a missing page means for this transport, as a sentence.
    """
    detail = f"HTTP {reply.status}, {reply.content_type or 'no content type'}: {page_text(reply.body)}"
    text = page_text(reply.body)
    if reply.status == 403:
        if PLAN.search(text):
            return _plan(detail)
        return ConfigError("Something before Odoo (a firewall or proxy) refused the request.", detail=detail)
    if reply.status == 404:
        return ConfigError(hint_404, detail=detail)
    by_status = status_error(reply, system="Odoo", write=asked.write, detail=detail)
    if by_status is not None:
        return by_status
    if reply.is_html and LOGIN_PAGE.search(reply.body):
        return ConfigError("Odoo answered with its login page: address or database is wrong.", detail=detail)
    if asked.write:
        return UnknownOutcome("The answer to a change was not readable.", detail=detail)
    if reply.is_html:
        return TransientError("A web page came back where Odoo's answer was expected.", detail=detail)
    return TransientError("Odoo's answer was not readable.", detail=detail)


def page_text(body: bytes, limit: int = 300) -> str:
    """The first words of a page or body without mark-up, for `detail`."""
    text = body[:4000].decode("utf-8", "replace")
    text = re.sub(r"(?is)<(script|style)\b.*?(</\1>|$)", " ", text)
    return " ".join(re.sub(r"<[^>]*>", " ", text).split())[:limit]


def _plan(detail: str) -> PlanRefused:
    return PlanRefused("This Odoo plan does not include the external API; a Custom plan does.", detail=detail)


_VERBS = {
    "load": "write",
    "write": "write",
    "create": "create",
    "unlink": "delete",
    "read": "read",
    "search_read": "read",
    "search": "read",
}


def _doing(asked: Asked) -> str:
    verb = _VERBS.get(asked.method, f"run {asked.method} on" if asked.method else "answer")
    return f"{verb} {asked.model}".strip()
