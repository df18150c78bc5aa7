"""Rule 8: bindings and messages."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone

from crm.models import Contact, User
from crm.services.accounts import create_account, update_account
from crm.services.contacts import create_contact, update_contact
from crm.services.notes import write_note
from crm.services.pipeline import create_opportunity, update_opportunity
from crm.services.tags import create_tag
from integrations import outbox, sync
from integrations.models import Binding, Conflict, InboxMessage, OutboxMessage, PendingLink
from integrations.models.bindings import content_type_of
from integrations.odoo.pulling.pull import pull_model
from leads.services import create_lead, update_lead
from tests.support.two_sides import TwoSides

pytestmark = pytest.mark.django_db
STATUS = OutboxMessage.Status


def test_rule_08_a_binding_is_made_at_announce_with_its_external_id_and_no_remote_id(
    synced: TwoSides, admin_user: User
) -> None:
    account = create_account(actor=admin_user, name="Acme")

    binding = synced.binding(account)
    assert (binding.remote_id, binding.state) == (None, Binding.State.PENDING)
    assert binding.external_name == f"res_partner_{account.uuid}"
    assert re.fullmatch(r"tandem_[0-9a-f]{8}", synced.connection.prefix)
    synced.settle()
    assert synced.there(account)["xmlids"] == [f"{synced.connection.prefix}.res_partner_{account.uuid}"]


def test_rule_08_the_prefix_stays_when_the_connection_is_made_again(synced: TwoSides) -> None:
    from tests.support.two_sides import two_sides

    again = two_sides(synced.odoo).connection

    assert (again.pk, again.prefix) == (synced.connection.pk, synced.connection.prefix)


def test_rule_08_one_object_and_one_record_are_bound_once(synced: TwoSides, admin_user: User) -> None:
    one, two = (create_account(actor=admin_user, name=name) for name in ("One", "Two"))
    synced.settle()
    same_record = {"remote_id": synced.remote_id(one)}

    with pytest.raises(IntegrityError), transaction.atomic():
        Binding.objects.filter(object_uuid=two.uuid).update(**same_record)
    with pytest.raises(IntegrityError), transaction.atomic():
        Binding.objects.create(
            connection=synced.connection,
            remote_model="res.partner",
            content_type=content_type_of(one),
            object_uuid=one.uuid,
        )


def test_rule_08_state_rows_are_unique_while_they_wait(synced: TwoSides, admin_user: User) -> None:
    account = create_account(actor=admin_user, name="Acme")
    for number in range(3):
        account = update_account(account, actor=admin_user, phone=str(number))

    assert OutboxMessage.objects.filter(object_uuid=account.uuid).count() == 1


def test_rule_08_a_claimed_row_that_must_go_back_while_a_newer_one_waits_is_superseded(
    synced: TwoSides, admin_user: User
) -> None:
    account = create_account(actor=admin_user, name="Acme")
    claim = outbox.claim(synced.connection, "res.partner", limit=10)
    update_account(account, actor=admin_user, phone="2")

    assert outbox.release(claim.token, claim.messages[0], after=timedelta(0)) is False

    states = list(
        OutboxMessage.objects.filter(object_uuid=account.uuid).order_by("id").values_list("status", flat=True)
    )
    assert states == [STATUS.SUPERSEDED, STATUS.WAITING]


def test_rule_08_an_object_waits_while_its_parent_waits(synced: TwoSides, admin_user: User) -> None:
    parent = create_account(actor=admin_user, name="Parent")
    OutboxMessage.objects.update(due_at=timezone.now() + timedelta(hours=1))
    person = create_contact(actor=admin_user, name="Person", account=parent)

    synced.push("res.partner")

    waiting = synced.message(person)
    assert (waiting.status, waiting.refusals) == (STATUS.WAITING, 0)
    assert "Parent" in waiting.waits_for
    synced.settle()
    assert synced.there(person)["parent_id"] == synced.remote_id(parent)


def test_rule_08_a_link_to_a_parked_parent_is_left_out_and_follows_when_the_parent_binds(
    synced: TwoSides, admin_user: User
) -> None:
    parent = create_account(actor=admin_user, name="Parent")
    synced.control.fault("bad_row", model="res.partner", count=3)
    synced.settle()
    assert synced.message(parent).status == STATUS.PARKED
    person = create_contact(actor=admin_user, name="Person", account=parent)
    synced.settle()
    assert synced.there(person)["parent_id"] is False

    update_account(parent, actor=admin_user, phone="now it goes")
    synced.settle()

    assert synced.there(person)["parent_id"] == synced.remote_id(parent)
    person.refresh_from_db()
    assert person.account == parent


def test_rule_08_a_fact_whose_target_is_parked_waits_for_it_by_name_and_burns_no_try(
    synced: TwoSides, admin_user: User
) -> None:
    account = create_account(actor=admin_user, name="Acme")
    synced.control.fault("bad_row", model="res.partner", count=3)
    synced.settle()
    note = write_note(actor=admin_user, body="Called.", account=account)

    for _turn in range(4):
        synced.let_wait_pass()
        synced.push()

    waiting = synced.message(note)
    assert (waiting.status, waiting.refusals) == (STATUS.WAITING, 0)
    assert "Acme" in waiting.waits_for
    update_account(account, actor=admin_user, phone="now it goes")
    synced.settle()
    assert synced.message(note).status == STATUS.DONE


def test_rule_08_a_many2one_whose_target_is_unknown_here_keeps_its_id_and_is_linked_when_it_comes(
    synced: TwoSides, admin_user: User
) -> None:
    address = synced.control.create("res.partner", name="Out of scope", type="invoice", is_company=True)
    person = synced.control.create("res.partner", name="Person", parent_id=address)
    synced.settle()
    contact = synced.here("res.partner", person)
    assert contact.account is None
    assert PendingLink.objects.get().target_id == address
    update_contact(contact, actor=admin_user, phone="2")
    synced.settle()
    # Never sent as empty.
    assert synced.row("res.partner", person)["parent_id"] == address

    synced.control.write("res.partner", [address], type="contact")
    synced.settle()

    contact.refresh_from_db()
    assert contact.account == synced.here("res.partner", address)
    assert PendingLink.objects.count() == 0
    assert Conflict.objects.count() == 0


def test_rule_08_an_edit_here_outweighs_a_link_that_was_only_waited_for(synced: TwoSides, admin_user: User) -> None:
    address = synced.control.create("res.partner", name="Out of scope", type="invoice", is_company=True)
    person = synced.control.create("res.partner", name="Person", parent_id=address)
    mine = create_account(actor=admin_user, name="Mine")
    synced.settle()

    update_contact(synced.here("res.partner", person), actor=admin_user, account=mine)
    synced.settle()

    assert synced.row("res.partner", person)["parent_id"] == synced.remote_id(mine)
    synced.control.write("res.partner", [address], type="contact")
    synced.settle()
    assert synced.here("res.partner", person).account == mine


def test_rule_08_a_user_that_odoo_does_not_have_is_not_sent_as_empty(synced: TwoSides, admin_user: User) -> None:
    mira = User.objects.get(email="mira@example.com")
    lead = create_lead(actor=admin_user, name="Lead", owner=mira)
    synced.settle()
    assert synced.there(lead)["user_id"]
    before = synced.there(lead)["user_id"]

    from leads.services import update_lead

    update_lead(lead, actor=admin_user, owner=admin_user, phone="2")
    synced.settle()

    assert synced.there(lead)["phone"] == "2"
    assert synced.there(lead)["user_id"] == before


def test_rule_08_records_that_carry_new_tags_wait_for_them(synced: TwoSides, admin_user: User) -> None:
    tag = create_tag(actor=admin_user, name="Brand new")
    account = create_account(actor=admin_user, name="Acme", tags=[tag])
    deal = create_opportunity(actor=admin_user, name="Deal", tags=[tag])

    synced.settle()

    assert synced.there(account)["category_id"] == [synced.remote_id(tag, "res.partner.category")]
    assert synced.there(deal)["tag_ids"] == [synced.remote_id(tag, "crm.tag")]


def test_rule_08_done_rows_are_kept_thirty_days_and_waiting_and_parked_ones_for_good(
    synced: TwoSides, admin_user: User
) -> None:
    done, parked, waiting, young = (create_account(actor=admin_user, name=f"Firm {number}") for number in range(4))
    old = timezone.now() - timedelta(days=31)
    for account, status, settled in (
        (done, STATUS.DONE, old),
        (parked, STATUS.PARKED, old),
        (waiting, STATUS.WAITING, None),
        (young, STATUS.DONE, timezone.now()),
    ):
        OutboxMessage.objects.filter(object_uuid=account.uuid).update(status=status, settled_at=settled, created_at=old)
    for status in InboxMessage.Status.values:
        InboxMessage.objects.create(remote_model="res.partner", remote_id=1, status=status, settled_at=old)

    sync.prune()

    left = set(OutboxMessage.objects.values_list("object_uuid", flat=True))
    assert left == {parked.uuid, waiting.uuid, young.uuid}
    assert set(InboxMessage.objects.values_list("status", flat=True)) == {"waiting", "parked"}


def test_rule_08_reports_to_is_ours_alone_and_two_people_may_be_new_at_once(synced: TwoSides, admin_user: User) -> None:
    boss = create_contact(actor=admin_user, name="Boss")
    create_contact(actor=admin_user, name="Clerk", reports_to=boss)

    synced.settle()

    assert synced.loads() == {"res.partner.load": 1}
    assert Contact.objects.filter(reports_to=boss).count() == 1


def test_rule_08_a_tag_made_in_odoo_after_the_poll_of_tags_arrives_with_its_lead(
    synced: TwoSides, admin_user: User
) -> None:
    known = create_lead(actor=admin_user, name="Known")
    synced.settle()
    synced.end_second()
    tag = synced.control.create("crm.tag", name="Fair")
    synced.control.write("crm.lead", [synced.remote_id(known)], tag_ids=[(6, 0, [tag])])
    new = synced.control.create("crm.lead", name="New", type="lead", tag_ids=[(6, 0, [tag])])
    synced.control.reset_counters()

    with synced.session() as session:
        pull_model(session, session.maps.of("crm.lead"))

    assert [one.name for one in known.tags.all()] == ["Fair"]
    assert [one.name for one in synced.here("crm.lead", new).tags.all()] == ["Fair"]
    assert synced.calls("crm.tag.read") == 1
    synced.settle()
    assert synced.loads() == {}


def test_rule_08_a_tag_made_in_odoo_meanwhile_goes_along_with_an_edit_here(synced: TwoSides, admin_user: User) -> None:
    lead = create_lead(actor=admin_user, name="Mill")
    synced.settle()
    tag = synced.control.create("crm.tag", name="Fair")
    synced.control.write("crm.lead", [synced.remote_id(lead)], tag_ids=[(6, 0, [tag])])
    lead = update_lead(lead, actor=admin_user, name="Mill 2")

    synced.push()

    assert [one.name for one in lead.tags.all()] == ["Fair"]
    assert (synced.there(lead)["name"], synced.there(lead)["tag_ids"]) == ("Mill 2", [tag])


def test_rule_08_a_deal_put_into_a_new_stage_of_odoo_stays_there_when_it_is_edited_here(
    synced: TwoSides, admin_user: User
) -> None:
    deal = create_opportunity(actor=admin_user, name="Deal")
    synced.settle()
    stage = synced.control.create("crm.stage", name="Lab test", sequence=2)
    synced.control.write("crm.lead", [synced.remote_id(deal)], stage_id=stage)
    deal = update_opportunity(deal, actor=admin_user, name="Deal 2")

    synced.push()
    synced.settle()

    deal.refresh_from_db()
    assert (deal.name, deal.stage.name) == ("Deal 2", "Lab test")
    assert (synced.there(deal)["name"], synced.there(deal)["stage_id"]) == ("Deal 2", stage)
