"""The sync page: how each kind of record stands, and what needs a person, with the way to it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.formats import number_format
from django.utils.safestring import SafeString
from django.utils.timesince import timesince
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_safe

from crm import cells
from integrations.admin.base import MODELS
from integrations.counting import measures
from integrations.counting.measures import TONES, Measure
from integrations.counting.tallies import Figures
from integrations.models import Alert, Connection
from integrations.standing import alerts
from integrations.standing.health import ConnectionHealth, ModelHealth, health_of, verdict

RIGHT = "integrations.view_connection"
LATE = timedelta(minutes=15)


@dataclass(frozen=True)
class Line:
    """One sentence of the page, how serious it is, and where it is settled."""

    tone: str
    sentence: str
    url: str = ""
    link: str = ""

    @property
    def icon(self) -> str:
        return TONES[self.tone][0]

    @property
    def word(self) -> Any:
        return TONES[self.tone][1]


@dataclass(frozen=True)
class Rate:
    """How many calls of a hundred went well: icon and words beside the colour."""

    tone: str
    icon: str
    words: str
    hint: str


@dataclass(frozen=True)
class Row:
    """One kind of record, ready to be shown."""

    name: str
    remote_model: str
    state: Line
    rate: Rate
    duration: str
    last_good: SafeString | str
    lag: str
    waiting: str
    oldest: SafeString | str
    parked: str
    parked_url: str
    undecided: str
    undecided_url: str
    urls: dict[str, str]


@require_safe
def sync_page(request: HttpRequest) -> HttpResponse:
    """Show the page; reads only."""
    if not request.user.has_perm(RIGHT):
        raise PermissionDenied
    connection = Connection.live()
    context: dict[str, Any] = {**admin.site.each_context(request), "title": _("Sync"), "connection": connection}
    if connection is not None:
        health = health_of(connection)
        context["tiles"] = tiles(health)
        context["lines"] = lines(health)
        context["rows"] = [row_of(model, health) for model in health.models]
        context["measures"] = measures.measures_of(connection)
    return TemplateResponse(request, "admin/sync/health.html", context)


def tiles(health: ConnectionHealth) -> list[Measure]:
    """The figures of the whole connection, in the boxes on top."""
    rate = rate_of(health.calls)
    stuck = health.total("parked") + health.total("parked_in")
    undecided = health.total("conflicts") + health.total("matches")
    since = _("The oldest waits for %(age)s.") % {"age": span(health.now - health.oldest)} if health.oldest else ""
    return [
        Measure(_("Calls that went well, 24 hours"), rate.words, rate.hint, rate.tone, _list("integrationevent")),
        Measure(_("Average duration of a call"), milliseconds(health.calls.average_ms), _("Over the last 24 hours.")),
        Measure(_("Waiting to be sent"), figure(health.total("waiting")), since, "", _urls("")["waiting"]),
        Measure(_("Set aside"), figure(stuck), "", "bad" if stuck else "good", _urls("")["parked"]),
        Measure(_("To decide"), figure(undecided), "", "warn" if undecided else "good", _urls("")["conflicts"]),
    ]


def lines(health: ConnectionHealth) -> list[Line]:
    """What stands still and why, worst first; one line that all is well when nothing does."""
    found = [*_of_connection(health), *(line for model in health.models for line in _of_model(model))]
    if not found:
        return [Line("good", _all_well(health))]
    return sorted(found, key=lambda line: ("bad", "warn", "").index(line.tone))


def _all_well(health: ConnectionHealth) -> str:
    if health.polled_at is None:
        return _("Nothing is stuck.")
    asked = {"ago": span(health.now - health.polled_at)}
    if health.total("waiting"):
        return _("Nothing is stuck; what waits is on its way. Odoo was last asked %(ago)s ago.") % asked
    return _("Both sides are in step. Odoo was last asked %(ago)s ago.") % asked


def _of_connection(health: ConnectionHealth) -> list[Line]:
    connection = health.connection
    events = _list("integrationevent", result__exact="failed")
    # That it is paused stands below, whether an alert has begun or not.
    limits = [one for one in alerts.open_alerts(connection) if one.kind != Alert.Kind.PAUSED]
    found = [Line("bad", alerts.sentence(one), events, _("Events")) for one in limits]
    there = reverse("admin:integrations_connection_change", args=(connection.pk,))
    if connection.state == Connection.State.PAUSED:
        reason = connection.state_reason or _("No reason was kept.")
        words = _("The connection is paused: %(reason)s Nothing is lost; it waits here.") % {"reason": reason}
        found.append(Line("bad", words, there, _("Connection")))
    elif health.polled_at is not None and health.now - health.polled_at > LATE:
        words = _("Odoo was last asked %(ago)s ago. Either Odoo is away, or the workers do not run.")
        words %= {"ago": span(health.now - health.polled_at)}
        found.append(Line("bad", words, reverse("sync:doctor"), _("Doctor")))
    if not connection.push_enabled:
        words = _("Sending to Odoo is switched off: changes made here wait.")
        found.append(Line("warn", words, there, _("Connection")))
    if health.oldest is not None and health.now - health.oldest > LATE:
        words = _("A change made %(ago)s ago still waits to be sent.") % {"ago": span(health.now - health.oldest)}
        found.append(Line("warn", words, _list("outboxmessage", status__exact="waiting"), _("Outgoing messages")))
    return found


def _of_model(model: ModelHealth) -> list[Line]:
    urls, name = _urls(model.remote_model), _name(model.remote_model)
    found = []
    if model.first_sync and model.cursor is not None:
        words = _("%(kind)s: the first sync is at %(done)s of %(all)s.") % {
            "kind": name,
            "done": figure(model.cursor.done),
            "all": figure(model.cursor.total),
        }
        found.append(Line("", words, urls["progress"], _("Progress")))
    if model.cursor is not None and model.cursor.own_lacking:
        words = _("%(kind)s: Odoo has %(fields)s no more as it was mapped. Values are kept here and do not travel.")
        words %= {"kind": name, "fields": ", ".join(f"“{one}”" for one in model.cursor.own_lacking)}
        found.append(Line("warn", words, reverse("sync:own-fields"), _("Own fields")))
    if n := model.parked:
        words = ngettext(
            "%(kind)s: %(n)s change was refused and is set aside.",
            "%(kind)s: %(n)s changes were refused and are set aside.",
            n,
        )
        found.append(Line("bad", words % {"kind": name, "n": figure(n)}, urls["parked"], _("Look at them")))
    if n := model.parked_in:
        words = ngettext(
            "%(kind)s: %(n)s change from Odoo could not be kept here.",
            "%(kind)s: %(n)s changes from Odoo could not be kept here.",
            n,
        )
        found.append(Line("bad", words % {"kind": name, "n": figure(n)}, urls["parked_in"], _("Look at them")))
    if n := model.conflicts:
        words = ngettext(
            "%(kind)s: %(n)s field was changed on both sides; somebody must choose.",
            "%(kind)s: %(n)s fields were changed on both sides; somebody must choose.",
            n,
        )
        found.append(Line("warn", words % {"kind": name, "n": figure(n)}, urls["conflicts"], _("Choose")))
    if n := model.matches:
        words = ngettext(
            "%(kind)s: %(n)s record may be the same as one in Odoo; somebody must say.",
            "%(kind)s: %(n)s records may be the same as one in Odoo; somebody must say.",
            n,
        )
        found.append(Line("warn", words % {"kind": name, "n": figure(n)}, urls["matches"], _("Say so")))
    return found


def row_of(model: ModelHealth, health: ConnectionHealth) -> Row:
    """One line of the table."""
    lag, urls = model.lag(health.now), _urls(model.remote_model)
    return Row(
        name=_name(model.remote_model),
        remote_model=model.remote_model,
        state=_state(model, health),
        rate=rate_of(model.calls),
        duration=milliseconds(model.calls.average_ms),
        last_good=cells.ago(model.last_good),
        lag=cells.NOTHING if lag is None else span(lag),
        waiting=figure(model.waiting + model.hints),
        oldest=cells.ago(model.oldest) if model.oldest else "",
        parked=figure(model.parked + model.parked_in),
        parked_url=urls["parked_in"] if model.parked_in and not model.parked else urls["parked"],
        undecided=figure(model.conflicts + model.matches),
        undecided_url=urls["matches"] if model.matches and not model.conflicts else urls["conflicts"],
        urls=urls,
    )


def rate_of(calls: Figures) -> Rate:
    """The success rate of these calls with its verdict."""
    rate = calls.rate
    if rate is None:
        return Rate("", "remove", _("no calls"), _("Nothing was asked of Odoo in the last 24 hours."))
    tone = verdict(rate)
    hint = _("%(ok)s calls went well and %(failed)s failed in the last 24 hours.")
    return Rate(tone, TONES[tone][0], percent(rate), hint % {"ok": figure(calls.ok), "failed": figure(calls.failed)})


def percent(rate: float) -> str:
    """A rate as people read it; never 100 % while something failed."""
    shown = min(round(rate, 1), 99.9) if rate < 100 else 100
    return _("%(rate)s %%") % {"rate": number_format(f"{shown:.1f}".removesuffix(".0"))}


def milliseconds(length: int | None) -> str:
    """A duration in a unit that fits it."""
    if length is None:
        return cells.NOTHING
    if length < 1000:
        return _("%(n)s ms") % {"n": length}
    return _("%(n)s s") % {"n": number_format(length / 1000, decimal_pos=1)}


def _state(model: ModelHealth, health: ConnectionHealth) -> Line:
    if model.parked or model.parked_in:
        return Line("bad", _("Set aside"))
    if model.stuck:
        return Line("warn", _("Asks a person"))
    if health.connection.state == Connection.State.PAUSED:
        return Line("warn", _("Paused"))
    if model.first_sync:
        return Line("", _("First sync"))
    lag = model.lag(health.now)
    if lag is not None and lag > LATE:
        return Line("warn", _("Behind"))
    return Line("good", _("In step"))


def span(length: timedelta) -> str:
    """A length of time in one unit: "40 s", "3 minutes"."""
    seconds = max(round(length.total_seconds()), 0)
    if seconds < 60:
        return _("%(n)d s") % {"n": seconds}
    then = datetime(2000, 1, 1)  # noqa: DTZ001 - only the difference counts
    return timesince(then, then + length, depth=1)


def figure(count: int) -> str:
    """A whole number with its thousands told apart."""
    return str(number_format(count, force_grouping=True))


def _name(remote_model: str) -> str:
    return str(MODELS.get(remote_model, remote_model))


def _urls(remote_model: str) -> dict[str, str]:
    """Where the figures of one kind of record, or of all, are settled."""
    only = {"model": remote_model} if remote_model else {}
    return {
        "waiting": _list("outboxmessage", status__exact="waiting", **only),
        "parked": f"{reverse('sync:parked')}?model={remote_model}",
        "parked_in": f"{reverse('sync:parked')}?reason=incoming&model={remote_model}",
        "conflicts": f"{reverse('sync:conflicts')}?model={remote_model}",
        "matches": _list("matchcandidate", status__exact="open", **only),
        "progress": _list("pullcursor"),
        "events": _list("integrationevent", **only),
    }


def _list(table: str, **filters: str) -> str:
    query = "&".join(f"{name}={value}" for name, value in filters.items())
    return f"{reverse(f'admin:integrations_{table}_changelist')}?{query}"
