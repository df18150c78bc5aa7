"""What made-up records share: chance, people, places, tags; and the making of one record of each kind."""

from __future__ import annotations

import re
import unicodedata
import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from random import Random
from typing import Any

from crm.demo import words
from crm.html import from_text
from crm.models import (
    Account,
    Activity,
    Contact,
    Country,
    LostReason,
    Note,
    Opportunity,
    Stage,
    Tag,
    Task,
    Team,
    User,
)

DAY = timedelta(days=1)


@dataclass
class World:
    """All that a maker of demo records needs; `today` is midnight, so that one day gives one result."""

    chance: Random
    today: datetime
    people: Sequence[User]
    sellers: Sequence[User]
    tags: Sequence[Tag]
    countries: dict[str, Country]
    stages: Sequence[Stage]
    reasons: Sequence[LostReason]
    announce: bool = False
    counts: dict[str, int] = field(default_factory=dict)

    @property
    def actor(self) -> User:
        """Who is said to have made the records."""
        return self.people[0]

    def pick(self, choices: Sequence[Any]) -> Any:
        """One of these."""
        return choices[int(self.chance.random() * len(choices))]

    def few(self, mean: float) -> int:
        """A number around `mean`, often less, sometimes much more, as in real life; at most ten times the mean."""
        return min(int(self.chance.expovariate(1 / (mean + 0.5))), int(mean * 10))

    def stamps(self, oldest: int = 700) -> dict[str, Any]:
        """Identity and times of a record made some days ago."""
        made = self.today - DAY * (self.chance.random() * oldest)
        updated = made + (self.today - made) * self.chance.random()
        return {
            "uuid": uuid.UUID(int=self.chance.getrandbits(128), version=4),
            "created_at": made,
            "updated_at": updated,
        }

    def person(self) -> str:
        """A full name."""
        return f"{self.pick(words.GIVEN)} {self.pick(words.FAMILY)}"

    def company(self) -> str:
        """A company's name."""
        trade, form = self.pick(words.COMPANY_TRADES), self.pick(words.COMPANY_FORMS)
        return f"{self.pick(words.COMPANY_ROOTS)} {self.pick(words.FAMILY)} {trade} {form}"

    def place(self) -> tuple[dict[str, Any], str, float, float]:
        """An address, the dialling code, latitude and longitude."""
        code, _, dial, cities = self.pick(words.PLACES)
        city, postal_code, latitude, longitude = self.pick(cities)
        address = {
            "street": f"{self.pick(words.STREETS)} {self.chance.randint(1, 180)}",
            "postal_code": postal_code,
            "city": city,
            "country": self.countries[code],
        }
        return address, dial, latitude, longitude

    def phone(self, dial: str) -> str:
        """A number that looks like one."""
        return f"{dial} {self.chance.randint(20, 999)} {self.chance.randint(100000, 9999999)}"

    def text(self, choices: Sequence[str]) -> str:
        """A sentence with its blanks filled."""
        city = self.pick(self.pick(words.PLACES)[3])[0]
        sentence = self.pick(choices).format(product=self.pick(words.PRODUCTS), place=city)
        return sentence[:1].upper() + sentence[1:]

    def amount(self) -> Decimal:
        """A sum of money between 500 and some hundred thousand, most of them small."""
        return Decimal(int(500 * 10 ** (self.chance.random() * 2.7)) // 50 * 50)

    def some_tags(self) -> list[Tag]:
        """None, one or a few tags."""
        return self.chance.sample(list(self.tags), k=self.chance.choice((0, 0, 0, 1, 1, 2)))


def slug(name: str) -> str:
    """A name as it stands in an address: ASCII letters, digits and dots."""
    plain = unicodedata.normalize("NFKD", name.replace("ß", "ss").replace("ø", "o").replace("ı", "i").casefold())
    return re.sub(r"[^a-z0-9]+", ".", plain.encode("ascii", "ignore").decode()).strip(".")


def account(world: World) -> Account:
    """A company."""
    name = world.company()
    address, dial, latitude, longitude = world.place()
    site = f"{slug(name)}.example.com"[:200]
    return Account(
        name=name,
        type=world.pick(("customer", "customer", "customer", "distributor", "dealer", "supplier", "partner")),
        manager=world.pick(world.sellers),
        territory=address["country"].name,
        annual_revenue=world.amount() * 100,
        employees=world.few(60) + 1,
        industry=world.pick(words.INDUSTRIES),
        website=f"https://{site}",
        email=f"office@{site}",
        phone=world.phone(dial),
        latitude=Decimal(f"{latitude + world.chance.uniform(-0.1, 0.1):.7f}"),
        longitude=Decimal(f"{longitude + world.chance.uniform(-0.1, 0.1):.7f}"),
        **address,
        **world.stamps(),
    )


def contact(world: World, of: Account, *, first: bool) -> Contact:
    """A person of a company; the first one is its primary contact."""
    name = world.person()
    dial = of.phone.split(" ")[0]
    return Contact(
        name=name,
        account=of,
        role=world.pick(("decision_maker", "influencer", "contact", "contact", "contact")),
        owner=of.manager,
        email=f"{slug(name)}@{of.email.partition('@')[2]}",
        phone=world.phone(dial),
        mobile=world.phone(dial) if world.chance.random() < 0.4 else "",
        job_title=world.pick(words.JOBS),
        is_primary=first,
        **world.stamps(),
    )


def opportunity(world: World, of: Account, who: Contact | None) -> Opportunity:
    """A deal in some stage; about a third are settled."""
    stage = world.pick(world.stages)
    stamps = world.stamps(400)
    settled = stage.is_won or stage.is_lost
    days = -world.chance.randint(1, 200) if settled else world.chance.randint(-20, 160)
    return Opportunity(
        name=world.text(words.DEALS),
        account=of,
        contact=who,
        contact_name=who.name if who else "",
        company_name=of.name,
        email=who.email if who else of.email,
        phone=who.phone if who else of.phone,
        stage=stage,
        stage_since=stamps["updated_at"],
        amount=world.amount(),
        probability=stage.probability or Decimal(0),
        close_date=(world.today + DAY * days).date(),
        owner=of.manager,
        priority=world.pick(("0", "0", "1", "1", "2", "3")),
        lost_at=stamps["updated_at"] if stage.is_lost else None,
        lost_reason=world.pick(world.reasons) if stage.is_lost else None,
        **stamps,
    )


def activity(world: World, of: Account, who: Contact | None) -> Activity:
    """Something done, or planned for the next weeks."""
    starts = world.today + DAY * world.chance.uniform(-300, 20)
    return Activity(
        type=world.pick(("call", "call", "call", "email", "meeting", "visit")),
        subject=world.text(words.SUBJECTS),
        account=of,
        contact=who,
        starts_at=starts,
        duration_minutes=world.pick((5, 10, 15, 30, 60)),
        outcome=world.pick(words.OUTCOMES) if starts < world.today else "",
        owner=of.manager,
        done_at=starts if starts < world.today else None,
        **world.stamps(300),
    )


def task(world: World, of: Account, who: Contact | None) -> Task:
    """Something to do; about half of it is done."""
    due = world.today + DAY * world.chance.randint(-60, 40)
    return Task(
        title=world.text(words.TASKS),
        kind=world.pick(("general", "follow_up", "follow_up", "reminder", "deadline")),
        priority=world.pick(("low", "normal", "normal", "normal", "high", "urgent")),
        due_on=due.date(),
        assignee=of.manager,
        account=of,
        contact=who,
        done_at=due if due < world.today and world.chance.random() < 0.8 else None,
        **world.stamps(90),
    )


def note(world: World, of: Account, who: Contact | None) -> Note:
    """A remark about a company or a person."""
    return Note(body=from_text(world.text(words.NOTES)), account=of, contact=who, **world.stamps(300))


def team(name: str) -> Team:
    """The team of this name."""
    return Team.objects.get_or_create(name=name)[0]
