"""Fills an installation with made-up records, block by block: a million needs no more memory than a thousand."""

from __future__ import annotations

from collections.abc import Iterable
from random import Random
from typing import Any

from django.utils import timezone

from crm import registry
from crm.demo import words, world
from crm.demo.world import World
from crm.models import Account, Contact, Country, LostReason, Opportunity, Record, Stage, StageChange, User
from crm.services import records
from crm.services.tags import get_or_create_tag
from crm.services.users import invite_user

DOMAIN = "tandem-demo.example.com"
PER_ACCOUNT = 12
BLOCK = 1000


def is_filled() -> bool:
    """Whether demo data was put here before. One query."""
    return User.objects.filter(email__endswith=f"@{DOMAIN}").exists()


def fill(*, accounts: int, seed: int, announce: bool) -> dict[str, int]:
    """Make this many accounts and what belongs to them; returns how many records of each kind were made.

    The same seed on an empty installation gives the same records, uuids included; times count back from today.
    Each chunk of 1,000 records is a transaction of its own.
    """
    here = _world(seed, announce=announce)
    left = accounts
    while left > 0:
        _block(here, min(left, BLOCK))
        left -= BLOCK
    return here.counts


def save(here: World, made: Iterable[Any], *, tagged: bool = False) -> list[Any]:
    """Save made-up records through the bulk service, with some tags where the kind has them, and count them."""
    rows: list[Record] = list(made)
    if not rows:
        return []
    tags = {row.uuid: here.some_tags() for row in rows} if tagged else None
    saved = records.insert_many(rows, actor=here.actor, tags=tags, announce=here.announce)
    name = str(rows[0]._meta.verbose_name_plural)
    here.counts[name] = here.counts.get(name, 0) + len(saved)
    return saved


def _block(here: World, size: int) -> None:
    accounts: list[Account] = save(here, (world.account(here) for _ in range(size)), tagged=True)
    people: dict[int, list[Contact]] = {row.pk: [] for row in accounts}
    wanted = (world.contact(here, of, first=position == 0) for of in accounts for position in range(here.few(3)))
    for person in save(here, wanted, tagged=True):
        people[person.account_id].append(person)
    about = [(of, people[of.pk]) for of in accounts]
    deals = save(here, _each(here, about, 2, world.opportunity), tagged=True)
    _note_stages(here, deals)
    save(here, _each(here, about, 2, world.activity))
    save(here, _each(here, about, 1, world.task))
    save(here, _each(here, about, 1, world.note))
    for maker in registry.demo_makers():
        maker(here, accounts, save)


def _each(here: World, about: Any, mean: float, make: Any) -> Iterable[Any]:
    for of, people in about:
        for _ in range(here.few(mean)):
            yield make(here, of, here.pick(people) if people and here.chance.random() < 0.7 else None)


def _note_stages(here: World, deals: list[Opportunity]) -> None:
    """Give each deal the history of a straight way from the first stage to the present one."""
    moves = []
    for deal in deals:
        way = [stage for stage in here.stages if stage.sequence < deal.stage.sequence and not stage.is_won]
        before: Stage | None = None
        for number, stage in enumerate([*way, deal.stage]):
            span = (deal.stage_since - deal.created_at) / max(len(way), 1)
            moves.append(
                StageChange(
                    opportunity=deal,
                    from_stage=before,
                    to_stage=stage,
                    changed_at=deal.created_at + span * number,
                    changed_by=deal.owner,
                )
            )
            before = stage
    StageChange.objects.bulk_create(moves, batch_size=1000)


def _world(seed: int, *, announce: bool) -> World:
    """People, places, tags and reasons, made when missing; more data on top of some starts from other chances."""
    chance = Random(f"{seed}:{Account.objects.count()}")
    people = [_person(*who) for who in words.PEOPLE]
    countries = {
        code: Country.objects.get_or_create(code=code, defaults={"name": name})[0] for code, name, *_ in words.PLACES
    }
    reasons = [
        LostReason.objects.filter(name=name).first() or LostReason.objects.create(name=name)
        for name in ("Too expensive", "Went with a competitor", "No budget", "No answer any more")
    ]
    tags = [
        get_or_create_tag(actor=people[0], name=name, color=number, announce=announce)
        for number, name in enumerate(words.TAGS, start=1)
    ]
    now = timezone.localtime()
    return World(
        chance=chance,
        today=now.replace(hour=0, minute=0, second=0, microsecond=0),
        people=people,
        sellers=[user for user in people if user.role in ("sales_user", "sales_manager")],
        tags=tags,
        countries=countries,
        stages=list(Stage.objects.filter(archived_at__isnull=True)),
        reasons=reasons,
        announce=announce,
    )


def _person(name: str, role: str, team: str | None) -> User:
    email = f"{world.slug(name)}@{DOMAIN}"
    found = User.objects.filter(email=email).first()
    home = world.team(team) if team else None
    return found or invite_user(actor=None, email=email, name=name, role=role, team=home)
