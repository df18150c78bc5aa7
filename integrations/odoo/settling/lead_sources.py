"""Which of our lead sources stands for which UTM source of Odoo, by id; used both ways, kept on the connection."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from integrations import eventlog
from integrations.models import Connection, Lane, RemoteName
from integrations.odoo.pulling.references import read_names
from integrations.odoo.settling.conflicts import stamp_of
from integrations.odoo.wire.session import open_session
from leads.models import Lead

MODEL = "utm.source"


def offered(connection: Connection) -> dict[int, str]:
    """The UTM sources of Odoo as they were last read, by id. One query."""
    names = RemoteName.objects.filter(connection=connection, remote_model=MODEL)
    return dict(names.order_by("name", "remote_id").values_list("remote_id", "name"))


def read_anew(connection: Connection) -> None:
    """Read the list from Odoo, in the lane of a person who waits. One call. Raises any IntegrationError."""
    with open_session(connection, lane=Lane.INTERACTIVE, work="lead sources") as session:
        read_names(session, MODEL)


def keep(connection: Connection, ids: Mapping[str, int], *, actor: Any, seen: str) -> None:
    """Store which of our sources has which id; the next merge goes by it. Three queries.

    `seen` is the stamp of the map that the person had before them. Raises ValidationError, by our source where one is
    wrong, and when the map is another one now.
    """
    known, taken = offered(connection), set[int]()
    errors: dict[str, Any] = {}
    for source, number in ids.items():
        if source not in Lead.Source.values:
            raise ValidationError(_("“%(source)s” is no lead source.") % {"source": source})
        if number not in known:
            errors[source] = _("Odoo has no such source. Read the list anew.")
        elif number in taken:
            errors[source] = _("“%(name)s” stands for another of our sources already.") % {"name": known[number]}
        taken.add(number)
    if errors:
        raise ValidationError(errors)
    with transaction.atomic():
        held = Connection.objects.select_for_update().defer("secret").get(pk=connection.pk)
        if seen != stamp_of(held.source_ids):
            raise ValidationError(_("Somebody else has changed the map since you opened this page. Look again."))
        held.source_ids = dict(ids)
        held.save(update_fields=["source_ids"])
        said = _("User %(number)s changed the map of lead sources.") % {"number": getattr(actor, "pk", "–")}
        eventlog.note(held, "lead sources changed", said)
