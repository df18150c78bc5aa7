"""What Odoo copies between a company and its contacts, and which write_dates it moves."""

from __future__ import annotations

import pytest

from integrations.odoo.sandbox.engine import Engine
from integrations.odoo.sandbox.errors import AccessError, OdooError
from tests.integrations.odoo.sandbox.person import Person, administrator, integration, new_engine

ADDRESS = {"street": "Ringstraße 1", "city": "Berlin", "zip": "10115", "country_id": 57}


class Family:
    """A company with a contact, an invoice address and a company below it."""

    def __init__(self, person: Person) -> None:
        self.person = person
        self.company = person.make("res.partner", name="C", is_company=True, vat="DE1", **ADDRESS)
        self.contact = person.make("res.partner", name="K", parent_id=self.company)
        self.invoice = person.make("res.partner", name="I", parent_id=self.company, type="invoice")
        self.below = person.make("res.partner", name="CC", parent_id=self.company, is_company=True)

    def moved_by(self, **values: object) -> set[str]:
        """Return which children's write_dates move when this is written to the company."""
        children = {"contact": self.contact, "invoice": self.invoice, "below": self.below}
        before = {name: self.person.stamp("res.partner", one) for name, one in children.items()}
        self.person.write("res.partner", self.company, **values)
        return {name for name, one in children.items() if self.person.stamp("res.partner", one) != before[name]}


@pytest.fixture
def family(bot: Person) -> Family:
    return Family(bot)


def test_vat_goes_down_to_persons_and_invoice_addresses_only(family: Family) -> None:
    moved = family.moved_by(vat="DE2")

    vats = [family.person.read("res.partner", one, "vat")["vat"] for one in (family.contact, family.invoice)]
    assert vats == ["DE2", "DE2"]
    assert family.person.read("res.partner", family.below, "vat")["vat"] is False
    assert moved == {"contact", "invoice"}


def test_address_goes_down_to_contacts_and_companies_below(family: Family) -> None:
    family.moved_by(street="Lindenweg 2")

    streets = [
        family.person.read("res.partner", one, "street")["street"]
        for one in (family.contact, family.below, family.invoice)
    ]
    assert streets == ["Lindenweg 2", "Lindenweg 2", False]


@pytest.mark.parametrize(
    ("series", "column", "moved"),
    [
        (16, "name", {"contact", "invoice"}),
        (18, "name", {"contact", "invoice"}),
        (19, "name", {"contact", "invoice"}),
        (16, "phone", set()),
        (18, "phone", {"contact", "invoice"}),
        (19, "phone", {"contact", "invoice"}),
        (16, "lang", set()),
        (18, "lang", {"contact", "invoice"}),
        (19, "lang", set()),
        (16, "ref", set()),
        (18, "ref", {"contact", "invoice"}),
        (16, "street", {"contact", "below"}),
        (18, "street", {"contact", "below", "invoice"}),
        (19, "street", {"contact", "below", "invoice"}),
    ],
)
def test_a_company_drags_its_children_as_the_series_does(series: int, column: str, moved: set[str]) -> None:
    family = Family(integration(new_engine(series)))

    assert family.moved_by(**{column: "en_US" if column == "lang" else "changed"}) == moved


@pytest.mark.parametrize(("series", "companys"), [(16, "Ringstraße 1"), (18, "Ringstraße 1"), (19, "Own 3")])
def test_only_19_copies_a_contacts_address_up(series: int, companys: str) -> None:
    family = Family(integration(new_engine(series)))

    family.person.write("res.partner", family.contact, street="Own 3")

    assert family.person.read("res.partner", family.contact, "street")["street"] == "Own 3"
    assert family.person.read("res.partner", family.company, "street")["street"] == companys
    assert family.person.read("res.partner", family.below, "street")["street"] == companys


def test_a_contact_made_under_a_company_takes_its_address_and_vat(family: Family) -> None:
    answer = family.person.load(
        "res.partner",
        ["id", "name", "parent_id/.id", "street", "vat"],
        ["t.k2", "K2", str(family.company), "Mine 9", "DE99"],
    )

    made = family.person.read("res.partner", answer["ids"][0], "street", "vat", "commercial_partner_id")
    assert (made["street"], made["vat"]) == ("Ringstraße 1", "DE1")
    assert made["commercial_partner_id"] == family.company


@pytest.mark.parametrize("column", ["parent_id/.id", "type"])
def test_repeating_parent_or_type_overwrites_the_contacts_address(family: Family, column: str) -> None:
    rows = family.person.engine.database.table("res.partner").rows
    rows[family.contact] = {**rows[family.contact], "street": "Diverged 4"}

    family.person.load(
        "res.partner",
        [".id", column],
        [str(family.contact), {"type": "contact"}.get(column, str(family.company))],
    )

    assert family.person.read("res.partner", family.contact, "street")["street"] == "Ringstraße 1"


def test_a_persons_display_name_tells_the_company_above_not_the_person_between(family: Family) -> None:
    below = family.person.make("res.partner", name="KK", parent_id=family.contact)
    free = family.person.make("res.partner", name="F", parent_id=family.person.make("res.partner", name="P"))
    named = family.person.make("res.partner", name="N", company_name="Typed Ltd")

    names = [family.person.read("res.partner", one, "display_name")["display_name"] for one in (below, free, named)]

    assert names == ["C, KK", "P, F", "Typed Ltd, N"]


def test_moving_a_person_to_a_company_moves_the_write_date_of_all_persons_below(bot: Person) -> None:
    top = bot.make("res.partner", name="P")
    below = bot.make("res.partner", name="PP", parent_id=top)
    deep = bot.make("res.partner", name="PPP", parent_id=below, active=False)
    firm = bot.make("res.partner", name="F", parent_id=below, is_company=True)
    before = {one: bot.stamp("res.partner", one) for one in (below, deep, firm)}

    bot.write("res.partner", top, parent_id=bot.make("res.partner", name="C", is_company=True))

    assert {one for one, stamp in before.items() if bot.stamp("res.partner", one) != stamp} == {below, deep}


def test_an_other_address_keeps_its_own(family: Family) -> None:
    made = family.person.make("res.partner", name="O", type="other", parent_id=family.company, street="Own 5")

    assert family.person.read("res.partner", made, "street")["street"] == "Own 5"


def test_the_first_contact_gives_its_address_to_a_company_without_one(bot: Person) -> None:
    company = bot.make("res.partner", name="Empty", is_company=True)

    bot.make("res.partner", name="First", parent_id=company, street="First 1")

    assert bot.read("res.partner", company, "street")["street"] == "First 1"


def test_a_cycle_is_refused(family: Family) -> None:
    answer = family.person.load("res.partner", [".id", "parent_id/.id"], [str(family.company), str(family.contact)])

    assert answer["ids"] is False
    assert answer["messages"][0]["message"] == "You cannot create recursive Partner hierarchies."


def test_a_web_address_gets_a_scheme_and_a_note_a_paragraph(bot: Person) -> None:
    made = bot.make("res.partner", name="W", website="example.com", comment="a & b < c", partner_latitude=1.123456789)

    assert bot.read("res.partner", made, "website", "comment", "partner_latitude") == {
        "id": made,
        "website": "http://example.com",
        "comment": "<p>a &amp; b &lt; c</p>",
        "partner_latitude": 1.1234568,
    }


def test_scripts_are_taken_out_of_notes(bot: Person) -> None:
    made = bot.make("res.partner", name="W", comment='<p onclick="x()">a<br/>b&nbsp;c<script>alert(1)</script></p>')

    assert bot.read("res.partner", made, "comment")["comment"] == "<p>a<br>b&nbsp;c</p>"


@pytest.mark.parametrize(("series", "lead_moves"), [(16, False), (18, True), (19, True)])
def test_a_merge_moves_external_ids_children_and_leads(series: int, lead_moves: bool) -> None:
    bot = integration(new_engine(series))
    kept, loser = bot.load(
        "res.partner", ["id", "name", "email"], ["t.a", "A", "x@example.com"], ["t.b", "B", "x@example.com"]
    )["ids"]
    child = bot.make("res.partner", name="Child", parent_id=loser)
    lead = bot.make("crm.lead", name="L", partner_id=loser)
    before = bot.stamp("crm.lead", lead)

    wizard = bot.make("base.partner.merge.automatic.wizard", partner_ids=[[6, 0, [kept, loser]]], dst_partner_id=kept)
    bot.call("base.partner.merge.automatic.wizard", "action_merge", [wizard])

    assert not bot.exists("res.partner", loser)
    assert bot.call("ir.model.data", "check_object_reference", "t", "b") == ["res.partner", kept]
    assert bot.call("res.partner", "get_external_id", [kept]) == {kept: "t.a"}
    assert [one["xmlid"] for one in bot.call("res.partner", "get_metadata", [kept])[0]["xmlids"]] == ["t.b", "t.a"]
    assert bot.read("res.partner", child, "parent_id")["parent_id"] == kept
    assert bot.read("crm.lead", lead, "partner_id")["partner_id"] == kept
    assert (bot.stamp("crm.lead", lead) != before) is lead_moves


def test_newer_builds_delete_the_losers_external_id(engine: Engine, bot: Person) -> None:
    engine.settings.merge_deletes_external_ids = True
    kept, loser = bot.load(
        "res.partner", ["id", "name", "email"], ["t.a", "A", "x@example.com"], ["t.b", "B", "x@example.com"]
    )["ids"]
    wizard = bot.make("base.partner.merge.automatic.wizard", partner_ids=[[6, 0, [kept, loser]]], dst_partner_id=kept)

    bot.call("base.partner.merge.automatic.wizard", "action_merge", [wizard])

    with pytest.raises(OdooError, match=r"External ID not found in the system: t\.b"):
        bot.call("ir.model.data", "check_object_reference", "t", "b")


def test_deleting_a_partner_clears_its_leads_without_moving_them(bot: Person) -> None:
    partner = bot.make("res.partner", name="Gone")
    lead = bot.make("crm.lead", name="L", partner_id=partner)
    before = bot.stamp("crm.lead", lead)

    bot.call("res.partner", "unlink", [partner])

    assert bot.read("crm.lead", lead, "partner_id")["partner_id"] is False
    assert bot.stamp("crm.lead", lead) == before


def test_a_record_of_another_company_looks_deleted_in_load_and_is_refused_in_read(admin: Person, bot: Person) -> None:
    second = admin.make("res.company", name="Second")
    hidden = admin.make("res.partner", name="Hidden", company_id=second)

    answer = bot.load("res.partner", [".id", "name"], [str(hidden), "x"])

    assert answer["messages"][0]["message"] == f"Unknown database identifier '{hidden}'"
    assert bot.call("res.partner", "search", [["id", "=", hidden]]) == []
    with pytest.raises(AccessError):
        bot.read("res.partner", hidden, "name")


def test_a_foreign_company_in_the_context_is_refused(admin: Person, bot: Person) -> None:
    second = admin.make("res.company", name="Second")

    with pytest.raises(AccessError, match="Access to unauthorized or invalid companies"):
        bot.call("res.partner", "search", [], context={"allowed_company_ids": [second]})


@pytest.mark.parametrize(
    ("series", "words"), [(16, "No matching record found for database id"), (18, "top-secret"), (19, "top-secret")]
)
def test_a_record_for_a_foreign_company_is_refused(series: int, words: str) -> None:
    engine = new_engine(series)
    second = administrator(engine).make("res.company", name="Second")

    answer = integration(engine).load("crm.lead", ["id", "name", "company_id/.id"], ["t.l", "L", str(second)])

    assert answer["ids"] is False
    assert words in answer["messages"][0]["message"]


def test_the_first_allowed_company_is_that_of_new_leads_and_of_no_partner(admin: Person, bot: Person) -> None:
    second = admin.make("res.company", name="Second")
    admin.write("res.users", bot.uid, company_ids=[[6, 0, [1, second]]])

    lead = bot.load("crm.lead", ["id", "name"], ["t.l", "L"], allowed_company_ids=[second, 1])["ids"][0]
    partner = bot.load("res.partner", ["id", "name"], ["t.p", "P"], allowed_company_ids=[second, 1])["ids"][0]

    assert bot.read("crm.lead", lead, "company_id")["company_id"] == second
    assert bot.read("res.partner", partner, "company_id")["company_id"] is False
