"""Values of the user's own fields: a record keeps them by key in `custom`; here is what each kind looks like.

A value is kept in a form that JSON has: text, a whole number, a decimal as text, true, a day (2026-01-31), or a moment
(2026-01-31 08:00:00, UTC). What is empty is not kept.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal, InvalidOperation
from enum import StrEnum
from typing import Any

from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.formats import date_format, number_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

PREFIX = "custom."
MOMENT = "%Y-%m-%d %H:%M:%S"
Json = Any


class Kind(StrEnum):
    """What a field holds."""

    LINE = "line"
    LINES = "lines"
    WHOLE = "whole"
    DECIMAL = "decimal"
    FLAG = "flag"
    DAY = "day"
    MOMENT = "moment"
    CHOICE = "choice"


KIND_WORDS = {
    Kind.LINE: gettext_lazy("Text, one line"),
    Kind.LINES: gettext_lazy("Text, several lines"),
    Kind.WHOLE: gettext_lazy("Whole number"),
    Kind.DECIMAL: gettext_lazy("Decimal number"),
    Kind.FLAG: gettext_lazy("Yes or no"),
    Kind.DAY: gettext_lazy("Date"),
    Kind.MOMENT: gettext_lazy("Date and time"),
    Kind.CHOICE: gettext_lazy("Choice"),
}
# Odoo keeps whole numbers in 32 bits, decimals with some 15 digits.
MOST_WHOLE = 2**31 - 1
MOST_DIGITS = 15


@dataclass(frozen=True)
class CustomField:
    """One field of the user's own. `choices`: (value, words) pairs; `editable`: whether people change it here."""

    key: str
    label: str
    kind: Kind
    editable: bool = True
    choices: tuple[tuple[str, str], ...] = ()

    def kept(self, value: Any) -> Json:
        """The form in which a value is kept; None for an empty one. Raises ValidationError with a sentence."""
        if value is None or value == "" or value is False:
            return None
        try:
            return _KEPT[self.kind](self, value)
        except (ValueError, TypeError, InvalidOperation):
            raise ValidationError(
                _("“%(value)s” does not fit: %(kind)s.") % {"value": value, "kind": KIND_WORDS[self.kind]}
            ) from None

    def loose(self, kept: Json) -> Any:
        """The Python value of a kept one, as form fields take it; None for an empty one."""
        if kept in (None, "", False):
            return None
        if self.kind is Kind.DECIMAL:
            return Decimal(kept)
        if self.kind is Kind.DAY:
            return date.fromisoformat(kept)
        if self.kind is Kind.MOMENT:
            return moment_of(kept)
        return kept

    def words(self, kept: Json) -> str:
        """A kept value for people; "" for an empty one."""
        value = self.loose(kept)
        if value is None:
            return ""
        if self.kind is Kind.FLAG:
            return _("Yes")
        if self.kind is Kind.CHOICE:
            return dict(self.choices).get(value, str(value))
        if self.kind is Kind.DAY:
            return date_format(value, "DATE_FORMAT")
        if self.kind is Kind.MOMENT:
            return date_format(timezone.localtime(value), "DATETIME_FORMAT")
        if self.kind is Kind.DECIMAL:
            return number_format(value)
        return str(value)


def moment_of(kept: str) -> datetime:
    """A kept moment as an aware date-time."""
    return datetime.fromisoformat(kept[:19]).replace(tzinfo=UTC)


def plain(value: Decimal) -> str:
    """A decimal as it is kept: without exponent and without zeros at its end; "" for zero."""
    if not value:
        return ""
    text = f"{value:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def merged(held: Mapping[str, Json], given: Mapping[str, Any], fields: Iterable[CustomField]) -> dict[str, Json]:
    """What is kept after these values are given, by key. Raises ValidationError by key with a sentence each."""
    known = {one.key: one for one in fields}
    found = dict(held)
    errors: dict[str, Any] = {}
    for key, value in given.items():
        try:
            if key not in known:
                raise ValidationError(_("There is no field of your own “%(key)s”.") % {"key": key})
            kept = known[key].kept(value)
        except ValidationError as error:
            errors[f"{PREFIX}{key}"] = error
            continue
        found.pop(key, None)
        if kept is not None:
            found[key] = kept
    if errors:
        raise ValidationError(errors)
    return found


def _line(own: CustomField, value: Any) -> Json:
    return " ".join(_lines(own, value).splitlines()).strip() or None


def _lines(own: CustomField, value: Any) -> Json:
    if not isinstance(value, str) or "\x00" in value:
        raise ValueError
    return value


def _whole(own: CustomField, value: Any) -> Json:
    number = int(value)
    if number != Decimal(str(value)) or abs(number) > MOST_WHOLE:
        raise ValueError
    return number or None


def _decimal(own: CustomField, value: Any) -> Json:
    number = Decimal(str(value))
    if not number.is_finite() or max(len(number.normalize().as_tuple().digits), number.adjusted()) > MOST_DIGITS:
        raise ValueError
    return plain(number) or None


def _day(own: CustomField, value: Any) -> Json:
    return (value if isinstance(value, date) else date.fromisoformat(value)).isoformat()[:10]


def _moment(own: CustomField, value: Any) -> Json:
    if isinstance(value, datetime):
        return value.astimezone(UTC).strftime(MOMENT)
    return moment_of(value).strftime(MOMENT)


def _choice(own: CustomField, value: Any) -> Json:
    if value not in dict(own.choices):
        raise ValueError
    return value


_KEPT = {
    Kind.LINE: _line,
    Kind.LINES: _lines,
    Kind.WHOLE: _whole,
    Kind.DECIMAL: _decimal,
    Kind.FLAG: lambda own, value: bool(value),
    Kind.DAY: _day,
    Kind.MOMENT: _moment,
    Kind.CHOICE: _choice,
}
