"""What may be changed while Tandem runs: one table over the environment's values, and the only way to read either."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from integrations.models import SyncOption

Value = int | str


@dataclass(frozen=True)
class Option:
    """One thing that may be changed. `setting`: the environment's variable under it, "" where there is none.

    A whole number between `low` and `high`, or, where these are missing, e-mail addresses.
    """

    name: str
    title: Any
    effect: Any
    default: Value
    setting: str = ""
    low: int | None = None
    high: int | None = None

    @property
    def is_number(self) -> bool:
        return self.low is not None

    def fallback(self) -> Value:
        """What is in force as long as nobody has changed it here."""
        return getattr(settings, self.setting) if self.setting else self.default

    def clean(self, given: Any) -> Value:
        """The value in its stored form. Raises ValidationError with a sentence for the field."""
        if not self.is_number:
            return _addresses(str(given))
        words = {"low": self.low, "high": self.high}
        try:
            number = int(str(given).strip())
        except ValueError:
            raise ValidationError(_("Enter a whole number from %(low)s to %(high)s.") % words) from None
        if not (self.low or 0) <= number <= (self.high or 0):
            raise ValidationError(_("Enter a whole number from %(low)s to %(high)s.") % words)
        return number


OPTIONS = (
    Option(
        "poll_seconds",
        gettext_lazy("Seconds between two polls"),
        gettext_lazy("How often Odoo is asked what has changed. Less finds changes sooner and costs more calls."),
        60,
        "ODOO_POLL_SECONDS",
        5,
        3600,
    ),
    Option(
        "overlap_seconds",
        gettext_lazy("Overlap of two polls, in seconds"),
        gettext_lazy(
            "How far each poll looks back beyond the last one. It must be longer than the longest transaction in Odoo, "
            "or what such a one changes is only found at night."
        ),
        300,
        "ODOO_OVERLAP_SECONDS",
        10,
        86400,
    ),
    Option(
        "page_size",
        gettext_lazy("Rows read in one call"),
        gettext_lazy(
            "Less makes each call shorter, more makes the first sync quicker. Where Odoo is slow, fewer are read by "
            "themselves."
        ),
        1000,
        "ODOO_PAGE_SIZE",
        50,
        5000,
    ),
    Option(
        "batch_size",
        gettext_lazy("Rows written in one call"),
        gettext_lazy("The most that is sent at once. Where Odoo is slow, fewer are sent by themselves."),
        200,
        "ODOO_BATCH_SIZE",
        1,
        1000,
    ),
    Option(
        "alone_tries",
        gettext_lazy("Attempts before a change is set aside"),
        gettext_lazy(
            "A change that Odoo refuses is sent again alone, and set aside after so many refusals. More helps where "
            "other programs hold the same records."
        ),
        3,
        "",
        1,
        20,
    ),
    Option(
        "alert_rate",
        gettext_lazy("Alert: success rate below, in %"),
        gettext_lazy("Of the calls of the last quarter of an hour, five at least. 0: no such alert."),
        80,
        "",
        0,
        100,
    ),
    Option(
        "alert_duration_ms",
        gettext_lazy("Alert: average call longer than, in milliseconds"),
        gettext_lazy("Over the last quarter of an hour, five calls at least. 0: no such alert."),
        10_000,
        "",
        0,
        600_000,
    ),
    Option(
        "alert_queue",
        gettext_lazy("Alert: more waiting messages than"),
        gettext_lazy("Outgoing and incoming together. 0: no such alert."),
        1000,
        "",
        0,
        10_000_000,
    ),
    Option(
        "alert_recipients",
        gettext_lazy("Alert: e-mail addresses"),
        gettext_lazy(
            "Who is told when an alert begins and when it ends; several with commas between them. Empty: all "
            "administrators. Each alert stands in the log, too."
        ),
        "",
    ),
)
BY_NAME = {option.name: option for option in OPTIONS}


@dataclass(frozen=True)
class Options:
    """All values in force."""

    poll_seconds: int
    overlap_seconds: int
    page_size: int
    batch_size: int
    alone_tries: int
    alert_rate: int
    alert_duration_ms: int
    alert_queue: int
    alert_recipients: str


def read() -> Options:
    """All values in force. One query."""
    return Options(**{**{option.name: option.fallback() for option in OPTIONS}, **changed()})  # type: ignore[arg-type]


def changed() -> dict[str, Value]:
    """Only what was changed here. One query."""
    return {name: value for name, value in SyncOption.objects.values_list("name", "value") if name in BY_NAME}


@transaction.atomic
def change(values: dict[str, Any], *, actor: Any) -> None:
    """Keep these values; None gives one back to the environment. Raises ValidationError by name, and keeps nothing."""
    errors: dict[str, Any] = {}
    cleaned: dict[str, Value | None] = {}
    for name, given in values.items():
        try:
            cleaned[name] = None if given is None else BY_NAME[name].clean(given)
        except ValidationError as error:
            errors[name] = error
    if errors:
        raise ValidationError(errors)
    for name, value in cleaned.items():
        if value is None:
            SyncOption.objects.filter(name=name).delete()
        else:
            SyncOption.objects.update_or_create(
                name=name, defaults={"value": value, "changed_by": actor, "changed_at": timezone.now()}
            )


def _addresses(given: str) -> str:
    found = [one.strip() for one in given.replace(";", ",").replace("\n", ",").split(",") if one.strip()]
    for one in found:
        try:
            validate_email(one)
        except ValidationError:
            raise ValidationError(_("“%(one)s” is no e-mail address.") % {"one": one}) from None
    return ", ".join(found)
