"""Reading every record once for own fields that are new on the map, and telling of those that Odoo lacks."""

from __future__ import annotations

from collections.abc import Callable

from integrations.models import Binding, PullCursor
from integrations.odoo.applying.report import Report
from integrations.odoo.mappers import ModelMap
from integrations.odoo.wire.session import Session

PAGES_AT_ONCE = 5


def tokens(model_map: ModelMap) -> list[str]:
    """The tokens of the own fields of one model."""
    return sorted(one.token for one in model_map.own.values())


def note_lacking(session: Session, model_map: ModelMap, cursor: PullCursor) -> None:
    """Remember which own fields this Odoo does not have as they were mapped: a line of the sync page."""
    present = session.fields(model_map) if model_map.own else ()
    lacking = sorted(name for name in model_map.own if name not in present)
    if lacking != cursor.own_lacking:
        cursor.own_lacking = lacking
        cursor.save(update_fields=["own_lacking"])


def unread(model_map: ModelMap, cursor: PullCursor) -> bool:
    """Whether bound records wait to be read for an own field that is new on the map."""
    return not set(tokens(model_map)) <= set(cursor.own_read)


def read_new(session: Session, model_map: ModelMap, cursor: PullCursor, *, read: Callable[..., Report]) -> Report:
    """Read every bound record once for own fields that are new on the map, with `read`, which is given ids.

    Five pages at most, so that polls go on in between; the next call goes on from there, after a kill too. A map that
    has changed meanwhile begins anew. For the holder of the model's pull lease.
    """
    report, wanted = Report(), tokens(model_map)
    if cursor.own_reading != wanted:
        cursor.own_reading, cursor.own_id = wanted, 0
        session.forget_fields(model_map)
    size = session.options.page_size
    for _page in range(PAGES_AT_ONCE):
        ids = list(
            Binding.objects.filter(
                connection=session.connection, remote_model=model_map.remote_model, remote_id__gt=cursor.own_id
            )
            .exclude(state=Binding.State.GONE)
            .order_by("remote_id")
            .values_list("remote_id", flat=True)[:size]
        )
        part = read(session, model_map, ids)
        part.applied.clear()
        report.add(part)
        if len(ids) < size:
            cursor.own_read, cursor.own_reading, cursor.own_id = wanted, [], 0
            break
        cursor.own_id = ids[-1] or 0
        cursor.save(update_fields=["own_reading", "own_id"])
    cursor.save(update_fields=["own_read", "own_reading", "own_id"])
    return report
