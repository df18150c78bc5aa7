"""Which records are the same: names, uniqueness, kinds. Nothing is read or written."""

from __future__ import annotations

from typing import Any

import pytest

from crm.models import Account, Contact
from integrations.odoo.applying.matching import MatchPlan, pair, similar_names
from integrations.odoo.mappers.res_partner import ACCOUNT, CONTACT, PARTNER


@pytest.mark.parametrize(
    ("one", "other", "similar"),
    [
        ("Acme", "ACME", True),
        ("Acme GmbH", "Acme", True),
        ("Acme, Inc.", "ACME Ltd", True),
        ("Bea Buyer", "Buyer, Bea", True),
        ("Bea Buyer", "Bea Buyr", True),
        ("Müller & Söhne", "müller söhne", True),
        ("Acme", "Apex", False),
        ("Bea Buyer", "Ben Baker", False),
        ("", "Acme", False),
        ("GmbH", "AG", False),
    ],
)
def test_names_are_similar_but_for_case_order_legal_form_and_a_slip(one: str, other: str, similar: bool) -> None:
    assert similar_names(one, other) is similar
    assert similar_names(other, one) is similar


def plan(objects: list[Account | Contact], *rows: dict[str, Any]) -> MatchPlan:
    nouns = {"crm.Account": ACCOUNT, "crm.Contact": CONTACT}
    here = [(nouns[obj._meta.label], obj) for obj in objects]
    full = [
        {"id": number, "is_company": True, "email": False, "vat": False, **row} for number, row in enumerate(rows, 1)
    ]
    return pair(PARTNER, here, full)


def linked(found: MatchPlan) -> list[int]:
    return [remote_id for remote_id, _obj in found.links]


def asked(found: MatchPlan) -> list[tuple[int, str]]:
    return [(one.remote_id, one.reason) for one in found.candidates]


def test_the_same_vat_links_whatever_the_name() -> None:
    assert linked(plan([Account(name="A", vat="DE 1")], {"name": "B", "vat": "de1"})) == [1]


def test_the_same_email_links_only_with_a_similar_name() -> None:
    account = Account(name="Acme Ltd", email="A@b.example")

    assert linked(plan([account], {"name": "ACME", "email": "a@b.example"})) == [1]
    assert asked(plan([account], {"name": "Other", "email": "a@b.example"})) == [(1, "same e-mail")]


def test_the_same_name_alone_is_asked_about() -> None:
    assert asked(plan([Account(name="Acme")], {"name": "acme"})) == [(1, "same name")]


def test_two_there_are_asked_about_both() -> None:
    row = {"name": "Acme", "vat": "DE1"}

    assert asked(plan([Account(name="Acme", vat="DE1")], row, row)) == [(1, "same VAT"), (2, "same VAT")]


def test_two_here_are_asked_about_both() -> None:
    twins: list[Account | Contact] = [Account(name="Acme", vat="DE1"), Account(name="Acme", vat="DE1")]
    found = plan(twins, {"name": "Acme", "vat": "DE1"})

    assert linked(found) == []
    assert asked(found) == [(1, "same VAT"), (1, "same VAT")]


def test_a_person_is_never_a_company() -> None:
    found = plan([Contact(name="Acme", email="a@b.example")], {"name": "Acme", "email": "a@b.example"})

    assert (found.links, found.candidates) == ([], [])


def test_who_is_linked_is_nobodys_candidate() -> None:
    found = plan([Account(name="Acme", vat="DE1"), Account(name="Acme")], {"name": "Acme", "vat": "DE1"})

    assert (linked(found), asked(found)) == ([1], [])


def test_empty_values_match_nothing() -> None:
    found = plan([Account(name="A")], {"name": "B", "email": "", "vat": ""})

    assert (found.links, found.candidates) == ([], [])
