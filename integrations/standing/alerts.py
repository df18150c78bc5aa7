"""Alerts: a limit that the operator set is passed, or the connection is paused.

Told once when it begins and once when it ends, by log and mail.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from datetime import datetime, timedelta
from smtplib import SMTPException

from django.conf import settings
from django.core.mail import send_mail
from django.utils import timezone
from django.utils.translation import gettext as _

from crm.models import ADMIN_ROLES, User
from integrations import options
from integrations.counting import tallies
from integrations.counting.tallies import Figures
from integrations.mailbox.leases import lease
from integrations.models import Alert, Connection, InboxMessage, OutboxMessage, Pulse
from integrations.options import Options

logger = logging.getLogger(__name__)
KIND = Alert.Kind
WINDOW = timedelta(minutes=15)
# A value that swings around its limit is one alert, not one a minute.
CALM = timedelta(minutes=5)
FEWEST_CALLS = 5
PAUSED = 0.5  # between 0, it runs, and 1, it is paused
MAIL_FOR = timedelta(hours=24)


@dataclass(frozen=True)
class Reading:
    """One watched value. None where there is too little to judge."""

    kind: str
    value: float | None
    limit: float

    @property
    def passed(self) -> bool:
        """Whether the limit is passed; 0 is no limit."""
        if self.value is None or not self.limit:
            return False
        return self.value < self.limit if self.kind == KIND.RATE else self.value > self.limit


def watch(*, now: datetime | None = None) -> None:
    """Look at the live connection, begin and end alerts, and send what mails are due. For beat, once a minute.

    `now`: another moment than the present one. Two at a time do no harm: one of them does nothing.
    """
    now = now or timezone.now()
    connection = Connection.live()
    if connection is None:
        return
    with lease("watch") as held:
        if held is None:
            return
        limits = options.read()
        for reading in _readings(connection, limits, now):
            _note(connection, reading, now)
        _send(connection, limits, now)


def open_alerts(connection: Connection) -> list[Alert]:
    """Alerts that have not ended. One query."""
    return list(Alert.objects.filter(connection=connection, ended_at=None).order_by("began_at", "pk"))


def sentence(alert: Alert) -> str:
    """What is wrong, in words."""
    if alert.kind == KIND.PAUSED:
        paused = alert.ended_at is None
        reason = alert.connection.state_reason
        return _("The connection is paused. %(reason)s") % {"reason": reason} if paused else _("It was paused.")
    words = {
        KIND.RATE: _("Only %(value)s %% of the calls to Odoo go well; the limit is %(limit)s %%."),
        KIND.DURATION: _("A call to Odoo takes %(value)s ms on average; the limit is %(limit)s ms."),
        KIND.QUEUE: _("%(value)s messages wait; the limit is %(limit)s."),
    }[KIND(alert.kind)]
    return words % {"value": round(alert.value), "limit": round(alert.limit)}


def _readings(connection: Connection, limits: Options, now: datetime) -> list[Reading]:
    """What is watched now; a paused connection is no slow one."""
    lately = _lately(connection, now)
    enough = lately.ok + lately.failed >= FEWEST_CALLS
    waiting = OutboxMessage.objects.filter(
        connection=connection, status__in=(OutboxMessage.Status.WAITING, OutboxMessage.Status.CLAIMED)
    ).count()
    waiting += InboxMessage.objects.filter(status=InboxMessage.Status.WAITING).count()
    return [
        Reading(KIND.RATE, lately.rate if enough else None, limits.alert_rate),
        Reading(KIND.DURATION, lately.average_ms if enough else None, limits.alert_duration_ms),
        Reading(KIND.QUEUE, waiting, limits.alert_queue),
        Reading(KIND.PAUSED, float(connection.state == Connection.State.PAUSED), PAUSED),
    ]


def _lately(connection: Connection, now: datetime) -> Figures:
    """The calls since the oldest note of the last quarter of an hour; none at the first look."""
    sums = tallies.calls(connection.pk)
    pulse, _made = Pulse.objects.get_or_create(connection=connection)
    fresh = [one for one in pulse.samples if datetime.fromisoformat(one[0]) >= now - WINDOW]
    pulse.samples = [*fresh, [now.isoformat(), sums.ok, sums.failed, sums.duration_ms]]
    pulse.save(update_fields=["samples"])
    _moment, ok, failed, duration_ms = pulse.samples[0]
    return Figures(ok=sums.ok - ok, failed=sums.failed - failed, duration_ms=sums.duration_ms - duration_ms)


def _note(connection: Connection, reading: Reading, now: datetime) -> None:
    alert = Alert.objects.filter(connection=connection, kind=reading.kind, ended_at=None).first()
    if reading.passed and reading.value is not None:
        if alert is None:
            Alert.objects.create(
                connection=connection, kind=reading.kind, value=reading.value, limit=reading.limit, began_at=now
            )
            logger.warning("alert.began", extra=_facts(reading))
        elif alert.calm_since is not None:
            alert.calm_since = None
            alert.save(update_fields=["calm_since"])
    elif alert is not None and alert.calm_since is None:
        alert.calm_since = now
        alert.save(update_fields=["calm_since"])
    elif alert is not None and alert.calm_since is not None and now - alert.calm_since >= CALM:
        alert.ended_at = now
        alert.save(update_fields=["ended_at"])
        logger.warning("alert.ended", extra=_facts(reading))


def _facts(reading: Reading) -> dict[str, object]:
    return {"kind": str(reading.kind), "value": reading.value, "limit": reading.limit}


# --- mail ---


def _send(connection: Connection, limits: Options, now: datetime) -> None:
    """Send the mails that are due; what the mail server did not take is tried again a minute later, for a day."""
    due = [
        *Alert.objects.filter(connection=connection, ended_at=None, began_mailed_at=None),
        *Alert.objects.filter(connection=connection, ended_at__gte=now - MAIL_FOR, ended_mailed_at=None),
    ]
    to = recipients(limits) if due else []
    if not settings.EMAIL_HOST or not to:
        return
    for alert in due:
        if not _mail(connection, alert, to):
            return
        field = "began_mailed_at" if alert.ended_at is None else "ended_mailed_at"
        setattr(alert, field, now)
        alert.save(update_fields=[field])


def recipients(limits: Options) -> list[str]:
    """Who is told: whom the operator named, else all administrators."""
    if limits.alert_recipients:
        return [one.strip() for one in limits.alert_recipients.split(",")]
    admins = User.objects.filter(is_active=True, role__in=ADMIN_ROLES)
    return list(admins.order_by("pk").values_list("email", flat=True))


def _mail(connection: Connection, alert: Alert, to: list[str]) -> bool:
    over = alert.ended_at is not None
    title = _("over: %(what)s") if over else _("alert: %(what)s")
    lines = [sentence(alert), _("It began at %(when)s.") % {"when": _moment(alert.began_at)}]
    if alert.ended_at is not None:
        again = (
            _("The connection runs again since %(when)s.")
            if alert.kind == KIND.PAUSED
            else _("It is within its limit again since %(when)s.")
        )
        lines = [again % {"when": _moment(alert.ended_at)}, *lines]
    else:
        lines.append(_("Nothing is lost: changes wait until they can be sent. See the page Sync for what to do."))
    try:
        send_mail(
            f"Tandem, {connection.name}: {title % {'what': alert.get_kind_display()}}",
            "\n\n".join(lines),
            None,
            to,
        )
    except (OSError, SMTPException) as error:
        logger.warning("alert.mail_failed", extra={"error": type(error).__name__})
        return False
    return True


def _moment(moment: datetime) -> str:
    return f"{timezone.localtime(moment):%Y-%m-%d %H:%M %Z}"
