"""What Odoo answers when it refuses, with the name, HTTP status and fault code each transport uses.

Names, texts and codes were measured on Odoo 16, 18 and 19.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any


class OdooError(Exception):
    """A refusal that reaches the caller. ``name`` is Odoo's exception name, ``status`` the JSON-2 status."""

    name = "builtins.Exception"
    status = 500
    fault_code = 1

    def __init__(self, message: str, *, arguments: Sequence[Any] | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.arguments: list[Any] = [message] if arguments is None else list(arguments)


class UserError(OdooError):
    """Odoo's answer to a request that makes no sense to it."""

    name = "odoo.exceptions.UserError"
    status = 422
    fault_code = 2


class ValidationError(UserError):
    """A constraint said no."""

    name = "odoo.exceptions.ValidationError"


class RequiredError(ValidationError):
    """A mandatory field is empty; ``load`` words it differently from ``create``."""

    def __init__(self, message: str, *, field: str, load_message: str) -> None:
        super().__init__(message)
        self.field = field
        self.load_message = load_message


class MissingError(UserError):
    """The record does not exist or has been deleted."""

    name = "odoo.exceptions.MissingError"
    status = 404


class AccessError(UserError):
    """The user lacks a right, or the method is private."""

    name = "odoo.exceptions.AccessError"
    status = 403
    fault_code = 4


class AccessDenied(OdooError):
    """The secret is wrong."""

    name = "odoo.exceptions.AccessDenied"
    status = 403
    fault_code = 3

    def __init__(self, message: str = "Access Denied") -> None:
        super().__init__(message)


class BuiltinError(OdooError):
    """A Python error that escaped in Odoo: ``builtins.ValueError`` and its kin, answered as a 500."""

    def __init__(self, kind: str, message: str, *, arguments: Sequence[Any] | None = None) -> None:
        super().__init__(message, arguments=arguments)
        self.name = f"builtins.{kind}"
        self.kind = kind


class DatabaseError(OdooError):
    """A PostgreSQL error that escaped in Odoo, such as ``psycopg2.errors.SerializationFailure``."""

    def __init__(self, name: str, message: str) -> None:
        super().__init__(message)
        self.name = name


class HttpError(OdooError):
    """An error of the JSON-2 layer itself, before any model is reached."""

    def __init__(self, kind: str, message: str, status: int) -> None:
        super().__init__(message, arguments=[message, status])
        self.name = f"werkzeug.exceptions.{kind}"
        self.status = status


class SerializationConflict(Exception):
    """Another transaction committed a row that this one wants to write."""


def value_error(message: str) -> BuiltinError:
    """Return the error Odoo gives as ``builtins.ValueError``."""
    return BuiltinError("ValueError", message)
