"""Writing the audit log: one row per record and write, in the transaction of the write.

Services do it; where a write comes from is set once, by whoever lets it in: a middleware for pages and the API, the
import, the sync.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

from django.contrib.contenttypes.models import ContentType
from django.http import HttpRequest, HttpResponse

from crm.custom import PREFIX
from crm.models import Change, Origin, Record, User
from crm.nouns import noun_of
from integrations import subscriptions
from integrations.models.bulk import insert_rows
from integrations.subscriptions import Event

TAGS = "tags"
ACTION = Change.Action
API = "/api/"

_origin: ContextVar[Origin] = ContextVar("origin", default=Origin.PROGRAM)


@contextmanager
def coming_from(origin: Origin) -> Iterator[None]:
    """Whatever is written inside comes from there."""
    token = _origin.set(origin)
    try:
        yield
    finally:
        _origin.reset(token)


def origin_of_request(get_response: Callable[[HttpRequest], HttpResponse]) -> Callable[[HttpRequest], HttpResponse]:
    """Middleware: what a request writes comes from a page or from the API."""

    def handle(request: HttpRequest) -> HttpResponse:
        with coming_from(Origin.API if request.path.startswith(API) else Origin.PAGE):
            return get_response(request)

    return handle


def made(record: Record, *, actor: User | None) -> Change:
    """That a record was made; unsaved, as all of these."""
    return _entry(record, actor, ACTION.MADE, {})


def turned(record: Record, *, actor: User | None) -> Change:
    """That a record became what it is now: a contact an account, or back."""
    return _entry(record, actor, ACTION.TURNED, {})


def changed(
    before: Record,
    after: Record,
    names: Iterable[str],
    *,
    actor: User | None,
    tags: tuple[Iterable[int], Iterable[int]] | None = None,
) -> Change | None:
    """What of these fields differs between a record's copy from before and the record; None when nothing does.

    `names` may hold fields of the user's own ("custom.key"). `tags`: primary keys of its tags before and after.
    """
    fields = {name: pair for name in names if name != TAGS and (pair := _pair(before, after, name))[0] != pair[1]}
    if tags is not None and (pair := [sorted(one) for one in tags])[0] != pair[1]:
        fields[TAGS] = pair
    if not fields:
        return None
    action = ACTION.CHANGED
    if "archived_at" in fields:
        action = ACTION.RESTORED if fields["archived_at"][1] is None else ACTION.TRASHED
    return _entry(after, actor, action, fields)


def keep(*changes: Change | None) -> None:
    """Write these, and queue them for outgoing webhooks. Two statements while nobody listens."""
    kept = [one for one in changes if one is not None]
    if kept:
        insert_rows(kept)
        subscriptions.announce(_events(kept))


def _events(changes: Iterable[Change]) -> Iterator[Event]:
    """What subscribers hear of; records without pages of their own, such as notes, are not told of."""
    for one in changes:
        model: Any = one.content_type.model_class()
        noun = noun_of(model)
        if noun is not None:
            yield Event(
                type=f"{model._meta.model_name}.{one.action}",
                noun=noun.key,
                object_uuid=one.object_uuid,
                at=one.at,
                path=f"{API}v1/{noun.key}/{one.object_uuid}/",
                version=one.version,
                fields=sorted(one.fields),
                origin=one.origin,
                actor_id=one.actor_id,
                by_api=one.origin == Origin.API,
            )


def _entry(record: Record, actor: User | None, action: Change.Action, fields: dict[str, Any]) -> Change:
    entry = Change(
        actor=actor,
        origin=_origin.get(),
        action=action,
        content_type=ContentType.objects.get_for_model(record),
        object_uuid=record.uuid,
        name=str(record)[:255],
        fields=fields,
    )
    entry.version = record.version
    return entry


def _pair(before: Record, after: Record, name: str) -> Sequence[Any]:
    return [held(before, name), held(after, name)]


def held(record: Any, name: str) -> Any:
    """What a field holds: of a relation the key, of "custom.key" the value of the user's own field."""
    if name.startswith(PREFIX):
        return record.custom.get(name.removeprefix(PREFIX))
    return getattr(record, record._meta.get_field(name).attname)
