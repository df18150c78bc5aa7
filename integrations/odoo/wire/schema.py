"""Which of the fields that we map exist in this Odoo.

Fields differ by series and by database, so the mappers ask here first. Only named fields are asked for: a description
of all fields fails on some databases and costs megabytes on all. The answers are kept in memory for a while per target
and model; an "invalid field" error from a call refreshes them (`Schema.without`).
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Protocol

from integrations.errors import FieldUnknown, MethodUnknown, ModelUnknown, PermanentError
from integrations.odoo.wire.results import FieldInfo
from integrations.odoo.wire.target import OdooTarget

DEFAULT_TTL_S = 3600.0
ABSENT = "this Odoo has no such field"


class Describes(Protocol):
    """What is needed of a client."""

    target: OdooTarget

    def fields_get(self, model: str, names: Iterable[str]) -> dict[str, FieldInfo]: ...


@dataclass(frozen=True, slots=True)
class Dropped:
    """A field that we map and this Odoo lacks or refuses; one line of the health page."""

    model: str
    field: str
    reason: str


@dataclass(frozen=True, slots=True)
class SchemaView:
    """`present`: wanted fields that exist, in the order wanted; `missing`: the others; `infos`: of the present ones."""

    present: tuple[str, ...]
    missing: tuple[str, ...]
    infos: Mapping[str, FieldInfo]


@dataclass(slots=True)
class _Known:
    asked_at: float
    infos: dict[str, FieldInfo]
    missing: set[str]


class Schema:
    """A cache of field descriptions. Safe to share between threads.

    `on_dropped`: called once per field that is found missing, until it is seen again; `ttl_s`: seconds an answer is
    believed; `clock`: seconds that never go back.
    """

    def __init__(
        self,
        *,
        on_dropped: Callable[[Dropped], None] | None = None,
        ttl_s: float = DEFAULT_TTL_S,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.on_dropped = on_dropped
        self._ttl_s = ttl_s
        self._clock = clock
        self._known: dict[tuple[object, str], _Known] = {}
        self._refused: dict[tuple[object, str], set[str]] = {}
        self._reported: set[tuple[object, str, str]] = set()
        self._lock = threading.Lock()

    def fields_for(self, client: Describes, model: str, wanted: Iterable[str]) -> SchemaView:
        """What exists of the wanted fields. One call to Odoo when something is not known yet or too old, else none.

        Raises what `fields_get` raises: ModelUnknown when the app is not installed, RightMissing when the model may
        not be read at all, any transient error.
        """
        names = tuple(dict.fromkeys(wanted))
        key = (client.target.key, model)
        now = self._clock()
        with self._lock:
            known = self._known.get(key)
            if known is not None and now - known.asked_at > self._ttl_s:
                # The right may have been given meanwhile.
                self._refused.pop(key, None)
                known = None
            if known is None:
                known = _Known(now, {}, set())
            kept_out = self._refused.get(key, set()).intersection(names)
            unknown = [
                name for name in names if name not in known.infos and name not in known.missing and name not in kept_out
            ]
        self._report(key, model, sorted(kept_out), {}, dict.fromkeys(kept_out, "Odoo describes it but refuses it"))
        if unknown:
            infos, refused = self._ask(client, model, unknown)
            with self._lock:
                known.infos.update(infos)
                known.missing.update(name for name in unknown if name not in infos)
                self._known[key] = known
            self._report(key, model, unknown, infos, refused)
        with self._lock:
            found = {name: known.infos[name] for name in names if name in known.infos and name not in kept_out}
        return SchemaView(tuple(found), tuple(name for name in names if name not in found), found)

    def without(self, client: Describes, error: FieldUnknown, model: str, wanted: Iterable[str]) -> SchemaView:
        """The view after Odoo has refused a field in a call: asked anew, and without that field whatever Odoo says.

        Some fields are described and still refused, to users without their group.
        """
        self.forget(client, model)
        names = tuple(dict.fromkeys(wanted))
        view = self.fields_for(client, model, names)
        return self.refuse(client, model, [error.field], names) if error.field in view.infos else view

    def refuse(self, client: Describes, model: str, refused: Iterable[str], wanted: Iterable[str]) -> SchemaView:
        """The view without fields that Odoo describes and refuses to give; they stay out until the answers are old."""
        names = tuple(dict.fromkeys(wanted))
        key = (client.target.key, model)
        with self._lock:
            self._refused.setdefault(key, set()).update(refused)
        return self.fields_for(client, model, names)

    def forget(self, client: Describes, model: str) -> None:
        """Ask again next time; what was refused stays out."""
        with self._lock:
            self._known.pop((client.target.key, model), None)

    def start_anew(self, client: Describes) -> None:
        """Know nothing of this target any more, refusals included: it was connected anew, and may be another Odoo."""
        target = client.target.key
        with self._lock:
            self._known = {key: known for key, known in self._known.items() if key[0] != target}
            self._refused = {key: names for key, names in self._refused.items() if key[0] != target}
            self._reported = {mark for mark in self._reported if mark[0] != target}

    def _ask(self, client: Describes, model: str, names: list[str]) -> tuple[dict[str, FieldInfo], dict[str, str]]:
        """Descriptions, and a reason for each field that Odoo even refuses to describe (found by asking one by one)."""
        try:
            return dict(client.fields_get(model, names)), {}
        except (ModelUnknown, MethodUnknown):
            raise
        except PermanentError:
            if len(names) == 1:
                raise
        infos: dict[str, FieldInfo] = {}
        refused: dict[str, str] = {}
        last: PermanentError | None = None
        for name in names:
            try:
                infos.update(client.fields_get(model, [name]))
            except PermanentError as error:
                refused[name] = error.message
                last = error
        if last is not None and len(refused) == len(names):
            raise last
        return infos, refused

    def _report(
        self,
        key: tuple[object, str],
        model: str,
        asked: Iterable[str],
        infos: Mapping[str, FieldInfo],
        refused: Mapping[str, str],
    ) -> None:
        news: list[Dropped] = []
        with self._lock:
            for name in asked:
                mark = (key[0], model, name)
                if name in infos:
                    self._reported.discard(mark)
                elif mark not in self._reported:
                    self._reported.add(mark)
                    news.append(Dropped(model, name, refused.get(name, ABSENT)))
        if self.on_dropped is not None:
            for dropped in news:
                self.on_dropped(dropped)
