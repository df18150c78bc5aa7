"""How values look in lists and read-only fields; every one escapes what people typed."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import date, datetime
from decimal import Decimal
from functools import cache
from typing import Any

from django.db.models import Field
from django.template.defaultfilters import linebreaks_filter
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format, number_format
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.timesince import timesince
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from crm import nouns

NOTHING = "–"
TAGS_SHOWN = 3


def money(amount: Decimal | None, currency: str = "") -> SafeString | str:
    """An amount with two digits in the user's format, for a right-aligned column."""
    if amount is None:
        return NOTHING
    shown = number_format(amount, decimal_pos=2, use_l10n=True, force_grouping=True)
    return format_html('<span class="tandem-number">{} {}</span>', shown, currency)


def percent(value: Decimal | None) -> SafeString | str:
    """A percentage without needless digits."""
    if value is None:
        return NOTHING
    return format_html('<span class="tandem-number">{} %</span>', number_format(value.normalize(), use_l10n=True))


def number(value: int | None) -> SafeString | str:
    """A whole number for a right-aligned column."""
    if value is None:
        return NOTHING
    return format_html('<span class="tandem-number">{}</span>', number_format(value, force_grouping=True))


def degrees(value: Decimal) -> str:
    """A latitude or longitude, without the zeros behind it."""
    return f"{value.normalize():f}"


def ago(moment: datetime | None) -> SafeString | str:
    """How long ago, with the full date on hover."""
    if moment is None:
        return NOTHING
    full = date_format(timezone.localtime(moment), "DATETIME_FORMAT")
    now = timezone.now()
    if moment > now:
        words = _("in %(time)s") % {"time": timesince(now, moment, depth=1)}
    elif (now - moment).total_seconds() < 60:
        words = _("just now")
    else:
        words = _("%(time)s ago") % {"time": timesince(moment, now, depth=1)}
    return format_html(
        '<time datetime="{}" title="{}" class="tandem-nowrap">{}</time>', moment.isoformat(), full, words
    )


def day(value: date | None, *, late: bool = False) -> SafeString | str:
    """A day; with the word “overdue” when it is late, so that colour does not say it alone."""
    if value is None:
        return NOTHING
    shown = date_format(value, "DATE_FORMAT")
    if late:
        return format_html('<span class="tandem-late tandem-nowrap">{} · {}</span>', shown, _("overdue"))
    return format_html('<span class="tandem-nowrap">{}</span>', shown)


def age(moment: datetime, *, title: str) -> SafeString:
    """For how many days something has lasted; `title` says what, before the full date on hover."""
    days = (timezone.localdate() - timezone.localdate(moment)).days
    words = ngettext("%(count)d day", "%(count)d days", days) % {"count": days} if days > 0 else _("today")
    full = date_format(timezone.localtime(moment), "DATETIME_FORMAT")
    return format_html(
        '<time datetime="{}" title="{} {}" class="tandem-nowrap">{}</time>', moment.isoformat(), title, full, words
    )


def tags(names: Iterable[Any]) -> SafeString | str:
    """The first three tags and how many more there are; give prefetched tags."""
    labels = [str(name) for name in names]
    if not labels:
        return NOTHING
    shown = format_html_join("", '<span class="tandem-tag">{}</span>', ((label,) for label in labels[:TAGS_SHOWN]))
    more = len(labels) - TAGS_SHOWN
    return shown if more <= 0 else format_html('{}<span class="tandem-more">+{}</span>', shown, more)


def pair(first: str, second: str) -> SafeString | str:
    """Two short texts one under the other, such as phone and e-mail; empty ones take no place."""
    lines = [text for text in (first, second) if text]
    if not lines:
        return NOTHING
    markup = '<span class="tandem-pair" title="{}">{}</span>'
    return format_html(
        '<span class="tandem-stack">{}</span>', format_html_join("", markup, ((text, text) for text in lines))
    )


def badge(words: Any, tone: str) -> SafeString:
    """A short state in one of the theme's colours (blue, green, red, orange, secondary); the words say it all."""
    return format_html('<span class="badge bg-{}-lt">{}</span>', tone, words)


def name(record: Any) -> SafeString:
    """The column that links to the row's own page."""
    return format_html('<a class="tandem-name" href="{}">{}</a>', nouns.url_of(record), str(record) or NOTHING)


def initials(person: Any) -> str:
    """Two letters that stand for a person."""
    words = str(person).replace("@", " ").split()
    return "".join(word[0] for word in words[:2]).upper()


def link(record: Any, title: str = "") -> SafeString | str:
    """A link to a record's page, in the admin where it has none of its own, under its name or another title."""
    if record is None:
        return NOTHING
    meta = record._meta
    url = nouns.url_of(record) or reverse(f"admin:{meta.app_label}_{meta.model_name}_change", args=(record.pk,))
    return format_html('<a class="tandem-link" href="{}">{}</a>', url, title or str(record) or NOTHING)


def about(record: Any) -> SafeString | str:
    """What an activity, task or note hangs on: the most telling one; give it with select_related."""
    for name in ("opportunity", "lead", "contact", "account"):
        if getattr(record, f"{name}_id"):
            return link(getattr(record, name))
    return NOTHING


def choice(record: Any, name: str) -> str:
    """The words of a field with choices, as its get_…_display says them, without hashing all choices on each call."""
    value = getattr(record, name)
    return str(_labels(record._meta.get_field(name)).get(value, value))


@cache
def _labels(field: Field[Any, Any]) -> dict[Any, Any]:
    return dict(field.flatchoices)


def detail(record: Any, name: str) -> Any:
    """The value of one field on a record's page; "" for an empty one. Links and tags may cost a query each."""
    field = record._meta.get_field(name)
    if field.many_to_many:
        held = list(getattr(record, name).all())
        return tags(held) if held else ""
    value = getattr(record, name)
    if value in (None, "", False):
        return ""
    if field.is_relation:
        return link(value) if nouns.noun_of(value) else str(value)
    if field.choices:
        return choice(record, name)
    return _DETAILS.get(name, _DETAILS.get(field.get_internal_type(), str))(value)


def _address(scheme: str) -> Callable[[Any], SafeString]:
    return lambda value: format_html('<a href="{}:{}">{}</a>', scheme, value, value)


def _site(value: str) -> SafeString:
    url = value if value.startswith(("http://", "https://")) else f"https://{value}"
    return format_html('<a href="{}" rel="noopener noreferrer" target="_blank">{}</a>', url, value)


_DETAILS: dict[str, Callable[[Any], Any]] = {
    "email": _address("mailto"),
    "phone": _address("tel"),
    "mobile": _address("tel"),
    "website": _site,
    "probability": percent,
    "latitude": degrees,
    "longitude": degrees,
    "DecimalField": money,
    "PositiveIntegerField": number,
    "DateField": day,
    "DateTimeField": ago,
    "BooleanField": lambda value: _("Yes"),
    "TextField": linebreaks_filter,
}
