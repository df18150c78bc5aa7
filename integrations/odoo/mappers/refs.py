"""Looking up rows here by Odoo id and back, gathered per chunk."""

from __future__ import annotations

import uuid
from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from django.apps import apps
from django.contrib.contenttypes.models import ContentType

from integrations.models import Binding, Connection, RemoteName
from integrations.odoo.mappers.base import NounMap
from integrations.odoo.mappers.kinds import NameRef, Ref, TagRefs

# Which tables the records of an Odoo model stand in here.
TABLES: dict[str, tuple[str, ...]] = {
    "res.users": ("crm.User",),
    "res.country": ("crm.Country",),
    "res.country.state": ("crm.CountryState",),
    "crm.stage": ("crm.Stage",),
    "crm.lost.reason": ("crm.LostReason",),
    "crm.tag": ("crm.Tag",),
    "res.partner.category": ("crm.Tag",),
    "res.partner": ("crm.Account", "crm.Contact"),
}
PARTNER = "res.partner"
USABLE = (Binding.State.BOUND, Binding.State.HIDDEN, Binding.State.OUT_OF_SCOPE)


class PartnerHere(NamedTuple):
    """A partner's counterpart here: key "account:5" or "contact:7", and the nearest company.

    A tuple, because a first pull keeps one per partner: the garbage collector passes tuples of plain values by.
    """

    key: str
    account_id: int | None

    @property
    def is_person(self) -> bool:
        return self.key.startswith("contact:")


class RefIndex:
    """Answers `here` and `remote` for one connection; `gather` fetches what a chunk needs in a few queries."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._here: dict[str, dict[int, Any]] = defaultdict(dict)
        self._remote: dict[str, dict[Any, int | None]] = defaultdict(dict)

    def clear(self) -> None:
        """Forget everything: what was noted may have been rolled back, or stand elsewhere now."""
        self._here.clear()
        self._remote.clear()

    def here(self, model: str, remote_id: int) -> Any:
        """The key here of an Odoo record, or None. No query after `gather`."""
        return self._here[model].get(remote_id)

    def remote(self, model: str, key: Any) -> int | None:
        """The Odoo id of a key here, or None; queries when the key was not gathered."""
        if key not in self._remote[model]:
            self._fetch_remote(model, [key])
        return self._remote[model].get(key)

    def gather(self, noun: NounMap, rows: Iterable[Mapping[str, Any]]) -> None:
        """Fetch the counterparts of everything that these raw rows point to."""
        wanted: dict[str, set[int]] = defaultdict(set)
        names: dict[str, set[int]] = defaultdict(set)
        singles: list[tuple[str, set[int]]] = []
        many: list[tuple[str, set[int]]] = []
        for field in noun.fields:
            if isinstance(field, NameRef):
                singles.append((field.remote, names[field.model]))
            elif isinstance(field, Ref):
                singles.append((field.remote, wanted[field.model]))
            elif isinstance(field, TagRefs):
                many.append((field.remote, wanted[field.model]))
        for row in rows:
            for remote, bucket in singles:
                if value := row.get(remote):
                    bucket.add(value)
            for remote, bucket in many:
                if values := row.get(remote):
                    bucket.update(values)
        for model, ids in wanted.items():
            self.fetch_here(model, ids)
        for model, ids in names.items():
            self._fetch_names(model, ids)

    def unknown(self, model: str, ids: set[int], *, named: bool) -> set[int]:
        """Which of these Odoo ids have no counterpart here. No query when all were looked up before."""
        if named:
            self._fetch_names(model, ids)
        else:
            self.fetch_here(model, ids)
        return self._new(model, ids)

    def _new(self, model: str, ids: Iterable[int]) -> set[int]:
        """Which of these ids are not held yet; taking all that are held off a set would look at each of those."""
        held = self._here[model]
        return {one for one in ids if one not in held}

    def _fetch_names(self, model: str, ids: set[int]) -> None:
        unknown = self._new(model, ids)
        if unknown:
            found = RemoteName.objects.filter(connection=self._connection, remote_model=model, remote_id__in=unknown)
            self._here[model].update(found.values_list("remote_id", "name"))

    def fetch_here(self, model: str, ids: Iterable[int]) -> None:
        """Fetch the counterparts of these Odoo ids. Two or three queries, none when all are known."""
        unknown = self._new(model, ids)
        if not unknown:
            return
        by_type: dict[int, dict[uuid.UUID, int]] = defaultdict(dict)
        found = Binding.objects.filter(
            connection=self._connection, remote_model=model, remote_id__in=unknown
        ).values_list("content_type_id", "object_uuid", "remote_id")
        for content_type_id, object_uuid, remote_id in found:
            if remote_id is None:
                continue
            by_type[content_type_id][object_uuid] = remote_id
        for content_type_id, remote_ids in by_type.items():
            table = ContentType.objects.get_for_id(content_type_id).model_class()
            if table is not None:
                self._add(model, table, table._default_manager.filter(uuid__in=remote_ids), remote_ids)

    def _add(self, model: str, table: Any, rows: Any, remote_ids: Mapping[uuid.UUID, int]) -> None:
        kind = table._meta.model_name
        if model != PARTNER:
            self._here[model].update(
                {remote_ids[object_uuid]: pk for object_uuid, pk in rows.values_list("uuid", "pk")}
            )
        elif kind == "account":
            for object_uuid, pk in rows.values_list("uuid", "pk"):
                self._here[model][remote_ids[object_uuid]] = PartnerHere(f"account:{pk}", pk)
        else:
            for object_uuid, pk, account_id in rows.values_list("uuid", "pk", "account_id"):
                self._here[model][remote_ids[object_uuid]] = PartnerHere(f"contact:{pk}", account_id)

    def note(self, model: str, remote_id: int, obj: Any) -> None:
        """Remember a counterpart that was just made."""
        kind = obj._meta.model_name
        if model != PARTNER:
            self._here[model][remote_id] = obj.pk
        elif kind == "account":
            self._here[model][remote_id] = PartnerHere(f"account:{obj.pk}", obj.pk)
        else:
            self._here[model][remote_id] = PartnerHere(f"contact:{obj.pk}", obj.account_id)

    def look_again(self) -> None:
        """Forget what had no Odoo id: between two claims it may have got one."""
        for keys in self._remote.values():
            for key in [key for key, remote_id in keys.items() if remote_id is None]:
                del keys[key]

    def forget(self, model: str, obj: Any) -> None:
        """Look this object's Odoo id up anew: it has just got one."""
        self._remote[model].pop(f"{obj._meta.model_name}:{obj.pk}" if model == PARTNER else obj.pk, None)

    def note_name(self, model: str, remote_id: int, name: str) -> None:
        """Remember a name that was just read or made."""
        self._here[model][remote_id] = name
        self._remote[model][name] = remote_id

    def _fetch_remote(self, model: str, keys: Iterable[Any]) -> None:
        keys = list(keys)
        self._remote[model].update(dict.fromkeys(keys))
        if model not in TABLES:
            found = RemoteName.objects.filter(connection=self._connection, remote_model=model, name__in=keys)
            self._remote[model].update(found.order_by("-remote_id").values_list("name", "remote_id"))
            return
        for label in TABLES[model]:
            table = apps.get_model(label)
            prefix = f"{table._meta.model_name}:" if model == PARTNER else ""
            pks = {int(str(key).removeprefix(prefix)): key for key in keys if not prefix or str(key).startswith(prefix)}
            uuids = dict(table._default_manager.filter(pk__in=pks).values_list("uuid", "pk"))
            found_ids = Binding.objects.filter(
                connection=self._connection,
                remote_model=model,
                object_uuid__in=uuids,
                remote_id__isnull=False,
                state__in=USABLE,
            ).values_list("object_uuid", "remote_id")
            for object_uuid, remote_id in found_ids:
                self._remote[model][pks[uuids[object_uuid]]] = remote_id
