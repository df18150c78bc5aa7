"""Stages, probability, won and lost, and what a lead shares with its partner."""

from __future__ import annotations

import pytest

from integrations.odoo.sandbox.engine import Engine
from integrations.odoo.sandbox.errors import OdooError, ValidationError
from integrations.odoo.sandbox.models.rpc import Recordset
from tests.integrations.odoo.sandbox.person import Person, integration, new_engine

WON = 4


def test_a_lead_without_type_becomes_an_opportunity(bot: Person) -> None:
    assert bot.read("crm.lead", bot.make("crm.lead", name="L"), "type", "stage_id", "user_id") == {
        "id": 1,
        "type": "opportunity",
        "stage_id": 1,
        "user_id": bot.uid,
    }


def test_probability_follows_the_stage_unless_set_by_hand(bot: Person) -> None:
    automatic = bot.make("crm.lead", name="A")
    by_hand = bot.make("crm.lead", name="H", probability=72)

    for lead in (automatic, by_hand):
        bot.write("crm.lead", lead, stage_id=3)

    assert bot.read("crm.lead", automatic, "probability")["probability"] == 75.0
    assert bot.read("crm.lead", by_hand, "probability")["probability"] == 72.0


def test_the_won_stage_closes_at_one_hundred(bot: Person) -> None:
    lead = bot.make("crm.lead", name="L")

    bot.load("crm.lead", [".id", "stage_id/.id"], [str(lead), str(WON)])

    read = bot.read("crm.lead", lead, "probability", "date_closed")
    assert read["probability"] == 100.0
    assert read["date_closed"] == bot.stamp("crm.lead", lead)[:19]


def test_archived_with_probability_zero_is_lost(bot: Person) -> None:
    loaded, lost = bot.make("crm.lead", name="L"), bot.make("crm.lead", name="M")
    score = bot.read("crm.lead", loaded, "automated_probability")["automated_probability"]

    bot.load("crm.lead", [".id", "active", "probability"], [str(loaded), "False", "0"])
    bot.call("crm.lead", "action_set_lost", [lost])

    read = [bot.read("crm.lead", one, "active", "probability", "automated_probability") for one in (loaded, lost)]
    assert read == [
        {"id": loaded, "active": False, "probability": 0.0, "automated_probability": score},
        {"id": lost, "active": False, "probability": 0.0, "automated_probability": 0.0},
    ]


def test_an_empty_probability_cell_ends_the_automatic_score(bot: Person) -> None:
    lead = bot.make("crm.lead", name="L")

    bot.load("crm.lead", [".id", "probability"], [str(lead), ""])
    bot.write("crm.lead", lead, stage_id=2)

    assert bot.read("crm.lead", lead, "probability")["probability"] == 0.0


def test_only_19_refuses_to_lose_a_won_lead() -> None:
    lost = {series: integration(new_engine(series)) for series in (16, 18, 19)}
    leads = {series: bot.make("crm.lead", name="L", stage_id=WON) for series, bot in lost.items()}

    lost[16].call("crm.lead", "action_set_lost", [leads[16]])
    lost[18].call("crm.lead", "action_set_lost", [leads[18]])
    with pytest.raises(ValidationError, match="A lead in a Won stage cannot be lost"):
        lost[19].call("crm.lead", "action_set_lost", [leads[19]])

    assert [bot.read("crm.lead", leads[series], "active")["active"] for series, bot in lost.items()] == [
        False,
        False,
        True,
    ]


def test_a_new_lead_takes_from_its_partner_what_it_does_not_bring(bot: Person) -> None:
    partner = bot.make("res.partner", name="P", email="p@example.com", phone="+49 30 5550001", city="Berlin")

    lead = bot.make("crm.lead", name="L", partner_id=partner, phone="+49 30 5550002")

    read = bot.read("crm.lead", lead, "email_from", "phone", "city", "contact_name")
    assert read == {
        "id": lead,
        "email_from": "p@example.com",
        "phone": "+49 30 5550002",
        "city": "Berlin",
        "contact_name": "P",
    }
    assert bot.read("res.partner", partner, "phone")["phone"] == "+49 30 5550002"


def test_a_lead_and_its_sisters_share_the_partners_email(bot: Person) -> None:
    partner = bot.make("res.partner", name="P", email="p@example.com")
    one, two = (bot.make("crm.lead", name=name, partner_id=partner) for name in "AB")

    bot.write("crm.lead", one, email_from="new@example.com")

    assert bot.read("res.partner", partner, "email")["email"] == "new@example.com"
    assert bot.read("crm.lead", two, "email_from")["email_from"] == "new@example.com"


THEIRS = {
    "email": "p@example.com",
    "phone": "+49 30 5550001",
    "website": "http://p.example.com",
    "function": "Boss",
    "street": "Theirs 1",
    "city": "Bonn",
}
OWN = {
    "email_from": "own@example.com",
    "contact_name": "Own",
    "partner_name": "Own Ltd",
    "website": "http://own.example.com",
    "function": "Clerk",
    "street": "Own 2",
    "zip": "99999",
}


def test_setting_only_the_partner_overwrites_the_leads_own_contact(bot: Person) -> None:
    partner = bot.make("res.partner", name="P", **THEIRS)
    lead = bot.make("crm.lead", name="L", **OWN)

    bot.write("crm.lead", lead, partner_id=partner)

    assert bot.read("crm.lead", lead, *OWN, "phone", "city") == {
        "id": lead,
        "email_from": "p@example.com",
        "phone": "+49 30 5550001",
        "contact_name": "P",
        "partner_name": "Own Ltd",
        "website": "http://p.example.com",
        "function": "Boss",
        "street": "Theirs 1",
        "zip": False,
        "city": "Bonn",
    }


def test_one_address_column_beside_the_partner_keeps_the_leads_whole_address(bot: Person) -> None:
    partner = bot.make("res.partner", name="P", **THEIRS)
    lead = bot.make("crm.lead", name="L", **OWN)

    bot.load("crm.lead", [".id", "partner_id/.id", "street"], [str(lead), str(partner), "Own 2"])

    read = bot.read("crm.lead", lead, "street", "zip", "city")
    assert read == {"id": lead, "street": "Own 2", "zip": "99999", "city": False}


def test_a_partner_without_address_leaves_the_leads(bot: Person) -> None:
    lead = bot.make("crm.lead", name="L", **OWN)

    bot.write("crm.lead", lead, partner_id=bot.make("res.partner", name="P"))

    assert bot.read("crm.lead", lead, "street", "zip") == {"id": lead, "street": "Own 2", "zip": "99999"}


def test_a_company_as_partner_gives_its_name_to_the_company_only(bot: Person) -> None:
    lead = bot.make("crm.lead", name="L", **OWN)

    bot.write("crm.lead", lead, partner_id=bot.make("res.partner", name="C", is_company=True))

    read = bot.read("crm.lead", lead, "partner_name", "contact_name")
    assert read == {"id": lead, "partner_name": "C", "contact_name": "Own"}


@pytest.mark.parametrize("is_company", [False, True])
def test_a_partner_below_a_company_gives_that_companys_name(bot: Person, is_company: bool) -> None:
    top = bot.make("res.partner", name="Top Ltd", is_company=True)
    below = bot.make("res.partner", name="Below", is_company=is_company, parent_id=top)
    lead = bot.make("crm.lead", name="L", partner_name="Own Ltd")

    bot.write("crm.lead", lead, partner_id=below)

    assert bot.read("crm.lead", lead, "partner_name")["partner_name"] == "Top Ltd"


def test_the_same_partner_written_again_overwrites_again(bot: Person) -> None:
    partner = bot.make("res.partner", name="P", **THEIRS)
    lead = bot.make("crm.lead", name="L", partner_id=partner)
    bot.write("crm.lead", lead, function="Clerk")

    bot.write("crm.lead", lead, partner_id=partner)

    assert bot.read("crm.lead", lead, "function")["function"] == "Boss"


def test_an_emptied_email_of_the_partner_stays_on_its_leads(bot: Person) -> None:
    partner = bot.make("res.partner", name="P", **THEIRS)
    lead = bot.make("crm.lead", name="L", partner_id=partner)

    bot.write("res.partner", partner, email=False)

    assert bot.read("crm.lead", lead, "email_from")["email_from"] == "p@example.com"


@pytest.mark.parametrize(("series", "left"), [(16, False), (18, "p@example.com"), (19, "p@example.com")])
def test_clearing_a_leads_email_clears_the_partners_only_on_16(series: int, left: str | bool) -> None:
    bot = integration(new_engine(series))
    partner = bot.make("res.partner", name="P", email="p@example.com")
    lead = bot.make("crm.lead", name="L", partner_id=partner)

    bot.write("crm.lead", lead, email_from=False)

    assert bot.read("res.partner", partner, "email")["email"] == left


@pytest.mark.parametrize(("series", "left"), [(16, "P"), (18, "P"), (19, False)])
def test_clearing_the_partner_clears_the_contact_name_only_on_19(series: int, left: str | bool) -> None:
    bot = integration(new_engine(series))
    lead = bot.make("crm.lead", name="L", partner_id=bot.make("res.partner", name="P"))

    bot.write("crm.lead", lead, partner_id=False)

    assert bot.read("crm.lead", lead, "contact_name")["contact_name"] == left


def test_the_wizard_converts_once_and_makes_person_and_company(bot: Person) -> None:
    lead = bot.make("crm.lead", name="L", type="lead", contact_name="Con Vert", partner_name="Vert Ltd")
    before = bot.call("res.partner", "search_count", [])
    context = {"active_model": "crm.lead", "active_id": lead, "active_ids": [lead]}
    wizard = bot.call(
        "crm.lead2opportunity.partner",
        "create",
        {"name": "convert", "action": "create", "lead_id": lead},
        context=context,
    )

    for _ in range(2):
        bot.call("crm.lead2opportunity.partner", "action_apply", [wizard], context=dict(context))

    read = bot.read("crm.lead", lead, "type", "partner_id", "date_conversion")
    person = bot.read("res.partner", read["partner_id"], "name", "parent_id")
    assert read["type"] == "opportunity"
    assert read["date_conversion"]
    assert person["name"] == "Con Vert"
    assert bot.read("res.partner", person["parent_id"], "name", "is_company")["is_company"] is True
    assert bot.call("res.partner", "search_count", []) == before + 2


def test_the_wizard_hands_all_the_lead_knows_to_person_and_company(bot: Person) -> None:
    lead = bot.make("crm.lead", type="lead", name="L", description="words", **OWN)

    partner = convert(bot, lead)

    shared = ("email", "website", "function", "street", "zip", "comment")
    person = bot.read("res.partner", partner, *shared, "parent_id")
    company = bot.read("res.partner", person["parent_id"], *shared)
    assert [person[name] for name in shared] == [company[name] for name in shared]
    assert company == {
        "id": person["parent_id"],
        "email": "own@example.com",
        "website": "http://own.example.com",
        "function": "Clerk",
        "street": "Own 2",
        "zip": "99999",
        "comment": "<p>words</p>",
    }


def test_the_wizard_calls_the_person_by_the_email_else_by_the_leads_name(bot: Person) -> None:
    named = bot.make("crm.lead", type="lead", name="L", email_from="Joe Doe <joe@example.com>")
    bare = bot.make("crm.lead", type="lead", name="Trade fair", email_from="fair@example.com")

    made = [bot.read("res.partner", convert(bot, lead), "name", "email") for lead in (named, bare)]

    assert [(one["name"], one["email"]) for one in made] == [
        ("Joe Doe", "joe@example.com"),
        ("Trade fair", "fair@example.com"),
    ]


@pytest.mark.parametrize(("action", "zip_code"), [("create", "10115"), ("exist", "10115"), ("nothing", "own")])
def test_the_wizard_lets_the_leads_own_partner_overwrite_it_again(bot: Person, action: str, zip_code: str) -> None:
    partner = bot.make("res.partner", name="P", zip="10115")
    lead = bot.make("crm.lead", type="lead", name="L", partner_id=partner)
    bot.write("crm.lead", lead, zip="own")
    before = bot.call("res.partner", "search_count", [])

    assert convert(bot, lead, action=action) == partner

    assert bot.read("crm.lead", lead, "type", "zip") == {"id": lead, "type": "opportunity", "zip": zip_code}
    assert bot.call("res.partner", "search_count", []) == before


def test_a_closed_lead_is_not_converted(bot: Person) -> None:
    archived = bot.make("crm.lead", type="lead", name="L", active=False)
    won = bot.make("crm.lead", type="lead", name="W", probability=100)

    bot.call("crm.lead", "convert_opportunity", [archived, won], False)
    convert(bot, archived)
    with pytest.raises(OdooError, match="Closed/Dead leads cannot be converted"):
        convert(bot, won)

    assert [bot.read("crm.lead", one, "type")["type"] for one in (archived, won)] == ["lead", "lead"]


def test_converting_by_method_takes_the_partner_away(bot: Person) -> None:
    lead = bot.make("crm.lead", type="lead", name="L", partner_id=bot.make("res.partner", name="P"))

    bot.call("crm.lead", "convert_opportunity", [lead], False)

    assert bot.read("crm.lead", lead, "type", "partner_id") == {"id": lead, "type": "opportunity", "partner_id": False}


@pytest.mark.parametrize(
    ("model", "method", "active"),
    [
        ("res.partner", "action_unarchive", True),
        ("res.partner", "action_archive", False),
        ("crm.lead", "action_unarchive", True),
        ("crm.lead", "action_archive", False),
        ("crm.lead", "action_set_lost", False),
    ],
)
def test_what_is_archived_or_not_already_is_left_alone(bot: Person, model: str, method: str, active: bool) -> None:
    record = bot.make(model, name="R", active=active)
    before = bot.stamp(model, record)

    bot.call(model, method, [record])

    assert bot.stamp(model, record) == before


def convert(bot: Person, lead: int, *, action: str = "create") -> int:
    """Convert a lead, by default with a new customer if it has none; returns the customer."""
    context = {"active_model": "crm.lead", "active_id": lead, "active_ids": [lead]}
    values = {"name": "convert", "action": action, "lead_id": lead}
    wizard = bot.call("crm.lead2opportunity.partner", "create", values, context=context)
    bot.call("crm.lead2opportunity.partner", "action_apply", [wizard], context=dict(context))
    return int(bot.read("crm.lead", lead, "partner_id")["partner_id"])


def test_converting_with_a_partner_over_rpc_fails_as_in_odoo(bot: Person) -> None:
    lead = bot.make("crm.lead", name="L", type="lead")

    with pytest.raises(OdooError, match="'int' object has no attribute 'id'"):
        bot.call("crm.lead", "convert_opportunity", [lead], 3)


def test_merged_leads_lose_their_external_ids_and_leave_a_note(bot: Person) -> None:
    one, two = bot.load("crm.lead", ["id", "name", "description"], ["t.a", "A", "<p>a</p>"], ["t.b", "B", "<p>b</p>"])[
        "ids"
    ]
    bot.write("crm.lead", two, stage_id=3)

    survivor = bot.call("crm.lead", "merge_opportunity", [one, two])

    note = bot.call("mail.message", "search_read", [["res_id", "=", two], ["model", "=", "crm.lead"]], limit=1)[0]
    assert survivor == Recordset("crm.lead", (two,))
    assert not bot.exists("crm.lead", one)
    assert bot.call("crm.lead", "get_external_id", [one, two]) == {one: "", two: "t.b"}
    assert bot.read("crm.lead", two, "description")["description"] == "<p>b</p><br><br><p>a</p>"
    assert "crm_lead_merge_summary" in note["body"]


@pytest.mark.parametrize(("series", "left"), [(16, []), (18, []), (19, [False])])
def test_a_done_activity_is_deleted_until_18_and_archived_on_19(series: int, left: list[bool]) -> None:
    bot = integration(new_engine(series))
    lead = bot.make("crm.lead", name="L")
    columns = ["id", "res_model_id/id", "res_id", "activity_type_id/.id", "summary", "note"]
    made = bot.load("mail.activity", columns, ["t.act", "crm.model_crm_lead", str(lead), "2", "Call", "Ref t.act"])[
        "ids"
    ]

    bot.call("mail.activity", "action_feedback", made, feedback="done")

    found = bot.call(
        "mail.message", "search", [["model", "=", "crm.lead"], ["res_id", "=", lead], ["body", "ilike", "Ref t.act"]]
    )
    rows = bot.engine.database.table("mail.activity").rows.values()
    assert len(found) == 1
    assert [row.get("active", False) for row in rows] == left


@pytest.mark.parametrize(("context", "left"), [({}, [1, 1]), ({"tracking_disable": True}, [0, 0])])
def test_only_a_quiet_create_stays_out_of_chatter_and_mail(
    engine: Engine, bot: Person, context: dict[str, bool], left: list[int]
) -> None:
    bot.call("crm.lead", "create", {"name": "L", "user_id": 2}, context=dict(context))

    assert [len(engine.database.table(name).rows) for name in ("mail.message", "mail.mail")] == left
