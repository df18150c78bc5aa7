"""Made-up leads."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from crm.demo import words
from crm.demo.world import World, slug
from crm.models import Account
from leads.models import Lead


def make_leads(here: World, accounts: Sequence[Account], save: Callable[..., list[Any]]) -> None:
    """Add about two leads per account of this block; most come from companies not known yet."""
    save(here, (_lead(here) for _ in accounts for _ in range(here.few(2))), tagged=True)


def _lead(here: World) -> Lead:
    person, company = here.person(), here.company()
    address, dial, _, _ = here.place()
    stamps = here.stamps(300)
    lost = here.chance.random() < 0.15
    consent = here.chance.random() < 0.5
    return Lead(
        name=here.text(words.DEALS),
        contact_name=person,
        company_name=company,
        email=f"{slug(person)}@{slug(company)}.example.com"[:254],
        phone=here.phone(dial),
        job_title=here.pick(words.JOBS),
        source=here.pick(Lead.Source.values),
        stage=here.pick(Lead.Stage.values),
        priority=here.pick(("0", "1", "1", "2", "3")),
        score=here.chance.randint(0, 100),
        expected_revenue=here.amount(),
        utm_source=here.pick(("", "", "newsletter", "search", "fair")),
        consent=consent,
        consent_at=stamps["created_at"] if consent else None,
        owner=here.pick([*here.sellers, None]),
        lost_at=stamps["updated_at"] if lost else None,
        lost_reason=here.pick(here.reasons) if lost else None,
        **address,
        **stamps,
    )
