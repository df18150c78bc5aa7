"""Two records made one: the survivor gets values and all that hung on the other, which goes to the trash with a note.

Nothing is deleted, here or in Odoo, and all of it can be taken back (rule 14 of the sync).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import combinations
from typing import Any

from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.translation import gettext as _

from crm import registry
from crm.audit import held
from crm.custom import PREFIX
from crm.models import Contact, Merge, NotDuplicates, User
from crm.nouns import Noun
from crm.selectors.hanging import Pointer, own_tree, pointers
from crm.services import records
from crm.services.notes import write_note
from integrations.models.collisions import decision

KEPT_DAYS = 30
MOST = 1000  # rows that are moved by a write each, since Odoo is told of them
CHUNK = 500


@dataclass
class TakenBack:
    """What came of taking a merge back: names of what stays as it is, because somebody changed it since."""

    kept: list[str] = field(default_factory=list)


def mergeable(noun: Noun, one: Any, other: Any) -> str:
    """Why these two cannot be made one; "" when they can. No query."""
    if not noun.merges:
        return _("%(nouns)s cannot be merged.") % {"nouns": noun.plural}
    if one.pk == other.pk:
        return _("That is one and the same record. Choose two.")
    for record in (one, other):
        if record.frozen_reason:
            return f"“{record}”: {record.frozen_reason}"
        if record.archived_at is not None:
            return _("“%(name)s” is in the trash. Restore it first.") % {"name": record}
    return ""


def fields_of(noun: Noun) -> list[str]:
    """The fields of which one value has to stand; those of the user's own as "custom.key"."""
    own = [f"{PREFIX}{one.key}" for one in registry.own_fields(noun.model) if one.editable]
    return [name for name in noun.detail_fields if name != "tags"] + own


def offered(noun: Noun, survivor: Any, loser: Any) -> list[str]:
    """The fields whose value is taken from the loser unless a person says otherwise: where the survivor has none.

    Who asked not to be called is not called. Being primary is kept within one account.
    """
    found = []
    for name in fields_of(noun):
        theirs = held(loser, name)
        if not theirs or held(survivor, name) or (theirs in (survivor.pk, loser.pk) and name in own_tree(noun.model)):
            continue
        if name == "consent" or (name == "is_primary" and loser.account_id != survivor.account_id):
            continue
        found.append(name)
    return found


@decision
def merge(
    noun: Noun,
    *,
    survivor: Any,
    loser: Any,
    take: Iterable[str],
    actor: User,
    versions: tuple[int, int] | None = None,
) -> Merge:
    """Merge the loser into the survivor; `take` names the fields whose value comes from the loser.

    `versions` are those of survivor and loser as the person saw them. Raises ValidationError when the two cannot be
    made one, or a value or row refuses, StaleVersionError when somebody saved either meanwhile; nothing is done then.
    Costs some ten statements for each row that is in Odoo itself, a few for all others.
    """
    survivor, loser = _locked(noun, survivor, loser)
    for record, version in zip((survivor, loser), versions or (), strict=False):
        if record.version != version:
            raise records.StaleVersionError(record)
    if problem := mergeable(noun, survivor, loser):
        raise ValidationError(problem)
    wanted = set(take)
    names = [name for name in fields_of(noun) if name in wanted]
    if "consent" in wanted:  # was given when it was given
        names.append("consent_at")
    old = {name: held(survivor, name) for name in dict.fromkeys([*own_tree(noun.model), *names])}
    tags = [tag.pk for tag in loser.tags.exclude(pk__in=survivor.tags.all())]
    after = _give(noun, _leave_below(noun, survivor, loser, actor), loser, names, actor)
    before: dict[str, Any] = {
        "fields": {n: [_exact(was), _exact(held(after, n))] for n, was in old.items() if was != held(after, n)},
        "tags": tags,
        "moved": {},
        "primary": getattr(loser, "is_primary", False),
    }
    for pointer in pointers(noun.model):
        if moved := _move(pointer, loser, survivor, actor=actor):
            before["moved"][pointer.key] = moved
    _note(noun, loser, _("Merged into “%(name)s”.") % {"name": survivor}, actor)
    noun.archive(loser, actor=actor)
    return Merge.objects.create(
        actor=actor,
        noun=noun.key,
        survivor=survivor.uuid,
        survivor_name=str(survivor)[:255],
        loser=loser.uuid,
        loser_name=str(loser)[:255],
        before=before,
    )


@decision
def take_back(merge: Merge, noun: Noun, *, actor: User) -> TakenBack:
    """Put back what a merge changed, where it is still as the merge left it.

    Raises ValidationError when it was taken back, is too old, or one of the two is no such record any more.
    """
    mine = Merge.objects.select_for_update().get(pk=merge.pk)
    if mine.taken_back_at is not None:
        raise ValidationError(_("This merge was taken back already."))
    if mine.at < timezone.now() - timedelta(days=KEPT_DAYS):
        raise ValidationError(_("A merge can be taken back for %(days)d days.") % {"days": KEPT_DAYS})
    found = {one.uuid: one for one in noun.model._default_manager.filter(uuid__in=(mine.survivor, mine.loser))}
    if len(found) < 2:
        raise ValidationError(_("One of the two has become another kind of record since; change them by hand."))
    survivor, loser = _locked(noun, found[mine.survivor], found[mine.loser])
    done = TakenBack()
    if loser.archived_at is not None:
        loser = noun.restore(loser, actor=actor)
    for pointer in pointers(noun.model):
        wanted = mine.before["moved"].get(pointer.key, [])
        back = _move(pointer, survivor, loser, actor=actor, only=wanted)
        if len(back) < len(wanted):
            done.kept.append(str(pointer.table._meta.verbose_name_plural))
    done.kept += _put_back(noun, survivor, mine.before, actor)
    if mine.before["primary"] and loser.account_id and not _has_primary(loser.account_id):
        noun.update(loser, actor=actor, is_primary=True)
    _note(noun, loser, _("The merge into “%(name)s” was taken back.") % {"name": survivor}, actor)
    Merge.objects.filter(pk=mine.pk).update(taken_back_at=timezone.now())
    return done


def say_apart(rows: Sequence[Any], *, actor: User) -> None:
    """Remember that no two of these records are the same; saying it twice is no harm. One statement."""
    pairs = combinations(sorted({row.uuid for row in rows}), 2)
    NotDuplicates.objects.bulk_create(
        [NotDuplicates(one=one, other=other, said_by=actor) for one, other in pairs], ignore_conflicts=True
    )


def prune() -> int:
    """Delete merges that are too old to be taken back; returns how many rows went."""
    return Merge.objects.filter(at__lt=timezone.now() - timedelta(days=KEPT_DAYS)).delete()[0]


def _note(noun: Noun, record: Any, body: str, actor: User) -> None:
    links: Any = {noun.model._meta.model_name: record}
    write_note(actor=actor, body=body, **links)


def _locked(noun: Noun, one: Any, other: Any) -> tuple[Any, Any]:
    """Both as they stand in the database, locked in the order of their keys, after their trees."""
    for name in own_tree(noun.model):
        records.lock_tree(f"{noun.model._meta.label_lower}.{name}")
    manager = noun.model._default_manager
    rows = {row.pk: row for row in manager.select_for_update().filter(pk__in=(one.pk, other.pk)).order_by("pk")}
    return rows[one.pk], rows[other.pk]


def _leave_below(noun: Noun, survivor: Any, loser: Any, actor: User) -> Any:
    """A survivor that stands below the loser takes its place in the tree, so that no circle can close."""
    for name in own_tree(noun.model):
        if _stands_below(survivor, loser, name):
            survivor = noun.update(survivor, actor=actor, **{name: getattr(loser, name)})
    return survivor


def _stands_below(record: Any, above: Any, name: str) -> bool:
    seen: set[int] = set()
    pk = getattr(record, f"{name}_id")
    while pk is not None and pk not in seen:
        if pk == above.pk:
            return True
        seen.add(pk)
        pk = type(record)._default_manager.values_list(f"{name}_id", flat=True).get(pk=pk)
    return False


def _give(noun: Noun, survivor: Any, loser: Any, names: Sequence[str], actor: User) -> Any:
    """Give the survivor these values of the loser, and its tags; returns it fresh."""
    values = {name: getattr(loser, name) for name in names if not name.startswith(PREFIX)}
    for name in set(own_tree(noun.model)) & values.keys():
        if values[name] in (survivor, loser):
            raise ValidationError({name: _("“%(name)s” cannot stand below itself.") % {"name": survivor}})
    own = {name.removeprefix(PREFIX): held(loser, name) for name in names if name.startswith(PREFIX)}
    tags = {*survivor.tags.all(), *loser.tags.all()}
    return noun.update(survivor, actor=actor, tags=tags, **values, **({"custom": own} if own else {}))


def _exact(value: Any) -> Any:
    """A value as it is kept: JSON would cut a moment to thousandths."""
    return value.isoformat() if isinstance(value, datetime) else value


def _put_back(noun: Noun, survivor: Any, before: dict[str, Any], actor: User) -> list[str]:
    """Give the survivor its own values again where the merge's still stand; returns the labels of the others."""
    values: dict[str, Any] = {}
    own: dict[str, Any] = {}
    kept = []
    fields = before["fields"]
    for name in [
        one for one in dict.fromkeys([*own_tree(noun.model), *fields_of(noun), "consent_at"]) if one in fields
    ]:
        old, new = fields[name]
        if name.startswith(PREFIX):
            if held(survivor, name) == new:
                own[name.removeprefix(PREFIX)] = old
            else:
                kept.append(name.removeprefix(PREFIX))
            continue
        found: Any = noun.model._meta.get_field(name)
        if held(survivor, name) != found.to_python(new):
            kept.append(str(found.verbose_name))
        elif found.is_relation:
            values[name] = found.related_model._default_manager.filter(pk=old).first()
        else:
            values[name] = found.to_python(old)
    tags = survivor.tags.exclude(pk__in=before["tags"])
    noun.update(survivor, actor=actor, tags=tags, **values, **({"custom": own} if own else {}))
    return kept


def _move(pointer: Pointer, source: Any, target: Any, *, actor: User, only: Sequence[int] | None = None) -> list[int]:
    """Point the rows at `target` that point to `source`; returns their keys. `only`: no others than these."""
    rows = pointer.table._default_manager.filter(**{pointer.name: source}).exclude(
        pk=target.pk if pointer.table is type(target) else None
    )
    keys = list(rows.order_by("pk").values_list("pk", flat=True))
    if only is not None:
        keys = sorted(set(keys) & set(only))
    noun = pointer.noun
    if noun is None:
        for start in range(0, len(keys), CHUNK):
            some = keys[start : start + CHUNK]
            pointer.table._default_manager.filter(pk__in=some).update(**{pointer.name: target})
        return keys
    if len(keys) > MOST:
        raise ValidationError(
            _("More than %(most)d %(nouns)s hang on “%(name)s”: let it survive, or move some of them first.")
            % {"most": MOST, "nouns": str(noun.plural).lower(), "name": source}
        )
    for row in pointer.table._default_manager.filter(pk__in=keys).order_by("pk"):
        if row.frozen_reason:  # history follows silently
            pointer.table._default_manager.filter(pk=row.pk).update(**{pointer.name: target})
        else:
            noun.update(row, actor=actor, **{pointer.name: target}, **_still_primary(row, pointer, target))
    return keys


def _still_primary(row: Any, pointer: Pointer, target: Any) -> dict[str, Any]:
    """A primary contact stays one where its new account has none."""
    moves = isinstance(row, Contact) and pointer.name == "account" and row.is_primary
    return {"is_primary": True} if moves and not _has_primary(target.pk) else {}


def _has_primary(account: int) -> bool:
    return Contact.objects.active().filter(account=account, is_primary=True).exists()
