"""Keeping Odoo's own lists here: stages, lost reasons, users, countries, states, and names such as UTM sources."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from django.contrib.contenttypes.models import ContentType
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import transaction
from django.utils import timezone

from crm.models import Country, CountryState, LostReason, Stage, User
from crm.services.pipeline import retire_stage
from integrations.errors import ModelUnknown, PermanentError, RightMissing
from integrations.models import Binding, RemoteName, external_name
from integrations.models.bulk import insert_rows
from integrations.odoo.applying.apply import Applier, fetch_ours
from integrations.odoo.mappers import ModelMap
from integrations.odoo.mappers.kinds import NameRef, Ref, TagRefs
from integrations.odoo.mappers.reference import NAMES, REFERENCES, ReferenceMap
from integrations.odoo.mappers.refs import RefIndex
from integrations.odoo.wire.session import Session

Row = Mapping[str, Any]
BY_MODEL = {one.remote_model: one for one in REFERENCES}


def refresh(session: Session, remote_model: str) -> int:
    """Read one list whole and bring ours in step; returns how many rows are new. One call.

    A list that our user may not read is left as it is, with a notice.
    """
    reference = BY_MODEL[remote_model]
    try:
        rows = session.client.search_read(
            remote_model,
            [list(one) for one in reference.domain],
            list(reference.fields),
            order="id",
            context=session.read_context,
        )
    except (RightMissing, ModelUnknown) as error:
        session.log.notice("reference unreadable", error.message, remote_model=remote_model)
        return 0
    with transaction.atomic():
        made = _store(session, reference, rows)
    if reference.label == "crm.Stage":
        _retire_stages(session)
    return made


def refresh_all(session: Session) -> int:
    """Bring all lists in step: five calls, and one per kind of name."""
    made = sum(refresh(session, one.remote_model) for one in REFERENCES)
    for model in NAMES:
        read_names(session, model)
    return made


def _store(session: Session, reference: ReferenceMap, rows: Sequence[Row]) -> int:
    connection = session.connection
    table = ContentType.objects.get_by_natural_key(*reference.label.lower().split("."))
    bound = {
        binding.remote_id: binding.object_uuid
        for binding in Binding.objects.filter(connection=connection, remote_model=reference.remote_model)
    }
    model: Any = table.model_class()
    objects = {obj.uuid: obj for obj in model._default_manager.all()}
    find = _FINDERS[reference.label](session, set(bound.values()))
    made: dict[uuid.UUID, Any] = {}
    new: list[Binding] = []
    for position, row in enumerate(rows):
        obj = objects.get(bound[row["id"]]) if row["id"] in bound else None
        fresh = obj is None
        obj = obj or find(row, position)
        if obj is None:
            continue
        changed = _update(obj, row)
        if obj.pk is None:
            made[obj.uuid] = obj
        elif changed:
            obj.save(update_fields=changed)
        if fresh and row["id"] not in bound:
            new.append(
                Binding(
                    connection=connection,
                    remote_model=reference.remote_model,
                    remote_id=row["id"],
                    content_type=table,
                    object_uuid=obj.uuid,
                    external_name=external_name(reference.remote_model, obj.uuid),
                    state=Binding.State.BOUND,
                    confirmed=True,
                )
            )
    insert_rows(list(made.values()))
    insert_rows(new)
    return len(new)


Finder = Callable[[Row, int], Any]


def _find_country(session: Session, taken: set[uuid.UUID]) -> Finder:
    known = {country.code: country for country in Country.objects.all()}

    def find(row: Row, position: int) -> Country | None:
        code = row["code"] or ""
        if not code or len(code) > 2:
            return None
        return known.setdefault(code, Country(code=code, name=row["name"]))

    return find


def _find_state(session: Session, taken: set[uuid.UUID]) -> Finder:
    countries = RefIndex(session.connection)
    known = {(state.country_id, state.code): state for state in CountryState.objects.all()}

    def find(row: Row, position: int) -> CountryState | None:
        remote = row["country_id"]
        countries.fetch_here("res.country", [remote])
        country_id = countries.here("res.country", remote)
        if country_id is None:
            return None
        key = (country_id, row["code"] or str(row["id"]))
        return known.setdefault(key, CountryState(country_id=country_id, code=key[1][:16], name=row["name"]))

    return find


def _find_user(session: Session, taken: set[uuid.UUID]) -> Finder:
    known = {user.email.lower(): user for user in User.objects.all()}

    def find(row: Row, position: int) -> User:
        email = _email_of(row, session)
        if email not in known:
            user = User(email=email, name=row["name"] or email, is_active=False, is_staff=False, from_odoo=True)
            user.set_unusable_password()
            known[email] = user
        return known[email]

    return find


def _email_of(row: Row, session: Session) -> str:
    """A user of Odoo is matched by e-mail; one whose login is none gets an address that cannot exist."""
    login = str(row["login"] or "").strip().lower()
    try:
        validate_email(login)
    except ValidationError:
        return f"user-{row['id']}@{session.connection.prefix.replace('_', '-')}.invalid"
    return login


def _find_stage(session: Session, taken: set[uuid.UUID]) -> Finder:
    """By name; else our untouched default stage of the same standing takes Odoo's place in order.

    Stages are Odoo's: the default set only serves until the first sync.
    """
    free = [stage for stage in Stage.objects.order_by("sequence", "id") if stage.uuid not in taken]

    def find(row: Row, position: int) -> Stage:
        match = next((one for one in free if one.name.casefold() == row["name"].casefold()), None)
        if match is None and row["is_won"]:
            match = next((one for one in free if one.is_won), None)
        if match is None and not row["is_won"]:
            match = next((one for one in free if one.key and not one.is_won and not one.is_lost), None)
        if match is None:
            return Stage(uuid=uuid.uuid4(), name=row["name"])
        free.remove(match)
        return match

    return find


def _retire_stages(session: Session) -> None:
    """Stages are Odoo's: what is in a stage that Odoo does not have goes to the one before it, or to the won one.

    Each deal moves in its own transaction, so that a kill in between leaves the rest for the next refresh. A lost
    stage stays: Odoo has none, and a lost deal says so by itself.
    """
    paired = list(
        Stage.objects.filter(
            archived_at=None,
            uuid__in=Binding.objects.filter(remote_model="crm.stage").values("object_uuid"),
        )
    )
    leftover = Stage.objects.filter(archived_at=None, is_lost=False).exclude(pk__in=[one.pk for one in paired])
    for stage in leftover:
        peers = [one for one in paired if one.is_won == stage.is_won]
        before = [one for one in peers if one.sequence <= stage.sequence]
        if not peers:
            continue
        successor = before[-1] if before else peers[0]
        moved = retire_stage(stage, successor=successor, actor=None)
        session.log.notice(
            "stage retired",
            f"Odoo has no stage “{stage}”: it is no longer used, and {moved} of its deals went to “{successor}”.",
            remote_model="crm.stage",
        )


def _find_lost_reason(session: Session, taken: set[uuid.UUID]) -> Finder:
    known = {reason.name.casefold(): reason for reason in LostReason.objects.all() if reason.uuid not in taken}

    def find(row: Row, position: int) -> LostReason:
        return known.pop(row["name"].casefold(), None) or LostReason(name=row["name"])

    return find


_FINDERS: dict[str, Callable[[Session, set[uuid.UUID]], Finder]] = {
    "crm.Country": _find_country,
    "crm.CountryState": _find_state,
    "crm.User": _find_user,
    "crm.Stage": _find_stage,
    "crm.LostReason": _find_lost_reason,
}


def _update(obj: Any, row: Row) -> list[str]:
    """Take Odoo's values, unsaved; a user who signs in here keeps name and standing. Returns what changed."""
    wanted: dict[str, Any] = {}
    if isinstance(obj, User):
        if obj.from_odoo:
            wanted = {"name": str(row["name"] or "")[:150]}
    elif isinstance(obj, Stage):
        wanted = {
            "name": row["name"][:120],
            "sequence": row["sequence"] or 0,
            "is_won": bool(row["is_won"]),
            "folded": bool(row["fold"]),
        }
    elif isinstance(obj, LostReason):
        archived = None if row["active"] else (obj.archived_at or timezone.now())
        wanted = {"name": row["name"][:255], "archived_at": archived}
    else:
        wanted = {"name": row["name"][:120]}
    changed = [name for name, value in wanted.items() if getattr(obj, name) != value]
    for name in changed:
        setattr(obj, name, wanted[name])
    return changed


def read_names(session: Session, model: str, ids: Sequence[int] | None = None) -> None:
    """Read the names of these ids, or of all records, of a model that has no table here. One call."""
    try:
        rows = (
            session.client.search_read(model, [], ["name"], order="id", context=session.read_context)
            if ids is None
            else session.client.read(model, list(ids), ["name"], context=session.read_context)
        )
    except PermanentError as error:
        session.log.notice("names unreadable", error.message, remote_model=model)
        return
    RemoteName.objects.bulk_create(
        [
            RemoteName(
                connection=session.connection,
                remote_model=model,
                remote_id=row["id"],
                name=str(row["name"] or "")[:255],
            )
            for row in rows
        ],
        update_conflicts=True,
        unique_fields=["connection", "remote_model", "remote_id"],
        update_fields=["name"],
        batch_size=500,
    )


def make_name(session: Session, refs: RefIndex, model: str, name: str) -> int | None:
    """Look a name up in Odoo, and make it when missing, under an external id, so that a retry makes no second one."""
    rows = session.client.search_read(
        model, [["name", "=", name]], ["name"], order="id", limit=1, context=session.read_context
    )
    if not rows:
        key = uuid.uuid5(uuid.NAMESPACE_URL, f"{model}:{name}")
        xid = f"{session.connection.prefix}.{external_name(model, key)}"
        result = session.load(model, ["id", "name"], [[xid, name]])
        if result.ids is None:
            words = result.messages[0].message if result.messages else ""
            session.log.notice("name refused", f"Odoo did not take a new name: {words}", remote_model=model)
            return None
        rows = [{"id": result.ids[0], "name": name}]
    remote_id: int = rows[0]["id"]
    RemoteName.objects.update_or_create(
        connection=session.connection, remote_model=model, remote_id=remote_id, defaults={"name": name[:255]}
    )
    refs.note_name(model, remote_id, name)
    return remote_id


def ensure_known(session: Session, model_map: ModelMap, refs: RefIndex, rows: Sequence[Row]) -> None:
    """Before a chunk is applied: read what its rows point into with ids unknown here, lists of Odoo's and tags.

    No call when all are known. Other two-way records are not looked at: what they lack is linked when it arrives.
    """
    for one in {field.remote: field for noun in model_map.nouns for field in noun.fields}.values():
        if isinstance(one, TagRefs):
            _ensure_tags(session, one, refs, rows)
        elif isinstance(one, Ref) and (isinstance(one, NameRef) or one.model in BY_MODEL):
            _ensure_listed(session, one, refs, rows)


def _ensure_listed(session: Session, one: Ref, refs: RefIndex, rows: Sequence[Row]) -> None:
    named = isinstance(one, NameRef)
    ids = {row[one.remote] for row in rows if row.get(one.remote)}
    unknown = refs.unknown(one.model, ids, named=named)
    if unknown and named:
        read_names(session, one.model, sorted(unknown))
    elif unknown:
        refresh(session, one.model)


def _ensure_tags(session: Session, one: TagRefs, refs: RefIndex, rows: Sequence[Row]) -> None:
    """Take in tags made since the last poll of their model: a many2many that lacks one of its targets is left alone."""
    ids = {remote_id for row in rows for remote_id in row.get(one.remote) or ()}
    unknown = sorted(refs.unknown(one.model, ids, named=False))
    if unknown:
        tag_map = session.maps.of(one.model)
        applier = Applier(session, tag_map)
        found = applier.read(unknown)
        applier.apply(found, ours=fetch_ours(session, tag_map, found))
