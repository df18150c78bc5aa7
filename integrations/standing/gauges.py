"""The sync page's figures on calls, the key and webhooks; joins through integrations/counting/measures.py."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from integrations.counting import hookwatch
from integrations.counting.measures import Measure, register_measures
from integrations.models import BatchSize, Connection
from integrations.network import budget

KEY_WARNING = timedelta(days=14)


def register() -> None:
    """Join the sync page; called once when the app is ready."""
    register_measures(gauges)


def gauges(connection: Connection) -> Iterator[Measure]:
    """Calls, batches, key, webhooks. Nine queries at most."""
    yield calls(connection)
    if small := BatchSize.objects.filter(connection=connection).count():
        words = _("Odoo was slow or found calls too large; the batches grow back by themselves.")
        yield Measure(_("Smaller batches"), str(small), words, "warn", reverse("sync:budget"))
    yield key(connection)
    yield webhooks(connection)


def calls(connection: Connection) -> Measure:
    """How much of the budget is used, or why nothing is asked now."""
    title, url = _("Calls in the last minute"), reverse("sync:budget")
    spent = budget.spent(connection)
    used = {lane.lane: lane for lane in spent.lanes}
    sync = used["sync"]
    figure = _("%(used)d of %(limit)d") % {"used": sync.used, "limit": sync.limit}
    if spent.trouble:
        return Measure(title, figure, spent.trouble, "bad" if spent.circuit_open else "warn", url)
    if sync.used >= sync.limit:
        return Measure(title, figure, _("The sync waits for its turn; people do not."), "warn", url)
    return Measure(title, figure, _("The sync's own limit; people who wait have another."), "good", url)


def key(connection: Connection) -> Measure:
    """When the API key ends, as far as Odoo has told."""
    title, url, ends = _("API key"), reverse("sync:key"), connection.key_ends_at
    if ends is None:
        figure = _("No known end") if connection.key_checked_at else _("Not checked yet")
        return Measure(title, figure, "", "", url)
    left = ends - timezone.now()
    figure = date_format(timezone.localtime(ends), "DATE_FORMAT")
    if left < timedelta(0):
        return Measure(title, figure, _("The key has ended. Change it now; everything is kept meanwhile."), "bad", url)
    words = ngettext("It ends in %(n)d day.", "It ends in %(n)d days.", left.days) % {"n": left.days}
    return Measure(title, figure, words, "warn" if left < KEY_WARNING else "good", url)


def webhooks(connection: Connection) -> Measure:
    """How many webhooks came today, and how many were lost."""
    title, url = _("Webhooks today"), reverse("sync:webhooks")
    beat = hookwatch.heartbeat(connection)
    if not beat.expected:
        return Measure(title, _("None set up"), _("Odoo is asked for changes every minute."), "", url)
    figure = str(beat.received)
    if beat.silent:
        words = _("Odoo's webhook has fallen silent; what it missed was found by asking.")
        return Measure(title, figure, words, "bad", url)
    words = _("%(absorbed)d copies absorbed, %(lost)d lost.") % {"absorbed": beat.absorbed, "lost": beat.lost}
    return Measure(title, figure, words, "warn" if beat.lost else "good", url)
