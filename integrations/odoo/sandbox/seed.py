"""Made-up companies, people, leads and opportunities: the same for the same seed, with example.com addresses."""

from __future__ import annotations

import gc
import random
import unicodedata
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from .base_data import Installer
from .names import CITIES, FIRST, FORMS, JOBS, LAST, STREETS, TOPICS, TRADES, WORDS
from .transaction import stamp

if TYPE_CHECKING:
    from .engine import Engine


PART = 5000


def plain(text: str) -> str:
    """Return a name as the local part of an address."""
    flat = unicodedata.normalize("NFKD", text.replace("ß", "ss")).encode("ascii", "ignore").decode()
    return "".join(letter for letter in flat.lower() if letter.isalnum())


class Seeder:
    """Adds records to a sandbox, some thousands a second. ``same_second`` gives all one write_date."""

    def __init__(self, engine: Engine, seed: int, *, same_write_date: bool = False) -> None:
        self.engine = engine
        self.random = random.Random(seed)
        self.made = Installer(engine)
        self.same_write_date = same_write_date
        self.number = 0
        self.stages = sorted(row["id"] for row in engine.database.rows("crm.stage"))
        self.sellers = [
            row["id"] for row in engine.database.rows("res.users") if row.get("x_sandbox_role") == "sales"
        ] or [2]
        self.now = datetime.now(UTC)
        self.customers: list[dict[str, Any]] = []

    def _stamps(self) -> dict[str, Any]:
        created = self.now - timedelta(days=self.random.randint(1, 700), seconds=self.random.randint(0, 86000))
        written = self.made.tx.now
        if not self.same_write_date:
            age = self.random.random() ** 2
            written = stamp(self.now - (self.now - created) * age - timedelta(minutes=10))
        return {"create_date": stamp(created), "write_date": written}

    def partners(self, count: int) -> list[int]:
        """Add companies, each with some contacts, and some people of no company; ``count`` records in all."""
        ids: list[int] = []
        while len(ids) < count:
            ids.append(self._company() if self.random.random() < 0.9 else self._person(None, None))
            company = ids[-1]
            row = self.made.tx.get("res.partner", company) or {}
            for _ in range(self.random.randint(1, 4) if row.get("is_company") else 0):
                if len(ids) < count:
                    ids.append(self._person(row, company))
        return ids

    def _company(self) -> int:
        self.number += 1
        rnd = self.random
        city, code, country = rnd.choice(CITIES)
        name = f"{rnd.choice(WORDS)} {rnd.choice(WORDS)} {rnd.choice(TRADES)} {FORMS[country]}"
        domain = f"{plain(name)[:24]}{self.number}.example.com"
        return self.made.add(
            "res.partner", name=name, is_company=True, type="contact", active=True,
            street=f"{rnd.choice(STREETS)} {rnd.randint(1, 180)}", city=city, zip=code, country_id=country,
            email=f"info@{domain}", website=f"https://www.{domain}", phone=self._phone(country),
            vat=f"DE{rnd.randint(10**8, 10**9 - 1)}" if country == 57 else None,
            ref=f"C{self.number:06d}", user_id=rnd.choice(self.sellers), industry_id=rnd.randint(1, 7),
            category_id=sorted(rnd.sample(range(1, 6), rnd.randint(0, 2))), lang="en_US", **self._stamps(),
        )  # fmt: skip

    def _person(self, company: dict[str, Any] | None, company_id: int | None) -> int:
        self.number += 1
        rnd = self.random
        name = f"{rnd.choice(FIRST)} {rnd.choice(LAST)}"
        shared = company or {}
        country = shared.get("country_id", 57)
        domain = shared.get("email", f"info@private{self.number}.example.com").partition("@")[2]
        values = {
            key: shared[key]
            for key in ("street", "city", "zip", "country_id", "vat", "industry_id", "user_id")
            if key in shared
        }
        mobile = self._phone(country) if self.engine.series < 19 and rnd.random() < 0.4 else None
        return self.made.add(
            "res.partner", name=name, type="contact", active=True, parent_id=company_id,
            email=f"{plain(name)}{self.number}@{domain}", phone=self._phone(country), mobile=mobile,
            function=rnd.choice(JOBS), lang="en_US", **values, **self._stamps(),
        )  # fmt: skip

    def _phone(self, country: int) -> str:
        prefix = {57: "+49 30", 12: "+43 1", 75: "+33 4", 231: "+44 113", 233: "+1 617"}[country]
        return f"{prefix} 555{self.random.randint(1000, 9999)}{self.random.randint(0, 99):02d}"

    def leads(self, count: int) -> list[int]:
        """Add leads and opportunities, two in three with a partner that is committed already."""
        if not self.customers:
            rows = self.engine.database.rows("res.partner")
            self.customers = [row for row in rows if row.get("email") and row["id"] > 20]
        return [self._lead(self.customers) for _ in range(count)]

    def _lead(self, partners: list[dict[str, Any]]) -> int:
        rnd = self.random
        self.number += 1
        stage = rnd.choices(self.stages, weights=[4, 3, 2, 1][: len(self.stages)])[0]
        won = stage == self.stages[-1]
        kind = "opportunity" if won or rnd.random() < 0.65 else "lead"
        partner = rnd.choice(partners) if partners and rnd.random() < 0.67 else None
        lost = not won and rnd.random() < 0.08
        stamps = self._stamps()
        probability = 0.0 if lost else 100.0 if won else 20.0 * (1 + self.stages.index(stage))
        who = f"{rnd.choice(FIRST)} {rnd.choice(LAST)}"
        company = f"{rnd.choice(WORDS)} {rnd.choice(TRADES)}"
        contact = partner or {}
        return self.made.add(
            "crm.lead", name=f"{rnd.choice(TOPICS)} for {contact.get('name', company)}", type=kind,
            active=not lost, stage_id=stage, team_id=1, company_id=1, user_id=rnd.choice(self.sellers),
            partner_id=contact.get("id"), priority=rnd.choice("0123"),
            contact_name=None if contact.get("is_company") else contact.get("name", who),
            partner_name=contact.get("name") if contact.get("is_company") else company if not partner else None,
            email_from=contact.get("email", f"{plain(who)}{self.number}@example.com"),
            phone=contact.get("phone", self._phone(57)), country_id=contact.get("country_id", 57),
            city=contact.get("city"), expected_revenue=float(rnd.randint(5, 900) * 100) if kind != "lead" else None,
            probability=probability, automated_probability=0.0 if lost else probability,
            lost_reason_id=rnd.randint(1, 3) if lost else None, description=f"<p>Asked about {company}.</p>",
            date_deadline=(self.now + timedelta(days=rnd.randint(-20, 120))).date().isoformat(),
            date_open=stamps["create_date"][:19], date_closed=stamps["write_date"][:19] if won or lost else None,
            tag_ids=sorted(rnd.sample(range(1, 8), rnd.randint(0, 2))), x_lead_score=rnd.randint(0, 100), **stamps,
        )  # fmt: skip

    def commit(self) -> None:
        """Make what was added visible, and go on with the same stamp."""
        now = self.made.tx.now
        self.engine.database.commit(self.made.tx)
        self.made = Installer(self.engine)
        self.made.tx.now = now


@contextmanager
def _no_collection() -> Iterator[None]:
    """Keep Python from searching hundreds of thousands of new rows for cycles that are not there."""
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        gc.enable()


def sow(engine: Engine, *, partners: int, leads: int, seed: int = 1, same_write_date: bool = False) -> dict[str, int]:
    """Add that many records; returns the counts. 50,000 partners take a few seconds."""
    with engine.database.lock, _no_collection():
        seeder = Seeder(engine, seed, same_write_date=same_write_date)
        made = {
            "res.partner": _in_parts(seeder, seeder.partners, partners),
            "crm.lead": _in_parts(seeder, seeder.leads, leads),
        }
    return made


def _in_parts(seeder: Seeder, add: Callable[[int], list[int]], count: int) -> int:
    """Add and commit a few thousand at a time, so that memory stays small; returns how many were added."""
    added = 0
    while added < count:
        added += len(add(min(PART, count - added)))
        seeder.commit()
    return added
