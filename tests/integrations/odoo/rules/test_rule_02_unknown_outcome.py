"""Rule 2: unknown outcome of a create: ask, then act. The fault proxy loses answers of the real sandbox."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from crm.models import Account, User
from crm.services.accounts import create_account
from crm.services.notes import write_note
from crm.services.tasks import create_task
from integrations.models import Binding, OutboxMessage
from tests.support.faultproxy import RunningProxy
from tests.support.two_sides import TwoSides

pytestmark = pytest.mark.django_db
TRANSPORTS = [(16, "xmlrpc"), (16, "jsonrpc"), (18, "xmlrpc"), (18, "jsonrpc"), (19, "jsonrpc"), (19, "json2")]
LOST = ["lost_answer", "html_after", "truncated"]


def named(sides: TwoSides, model: str, name: str) -> list[dict[str, object]]:
    return [row for row in sides.control.dump(model) if name in (row.get("name"), row.get("summary"))]


@pytest.mark.parametrize(("series", "transport"), TRANSPORTS)
@pytest.mark.parametrize("loss", LOST)
def test_rule_02_a_create_whose_answer_was_lost_is_asked_for_and_bound(
    behind_proxy: TwoSides, proxy: RunningProxy, admin_user: User, loss: str
) -> None:
    account = create_account(actor=admin_user, name="Acme", city="Ulm")
    proxy.rule(loss, **behind_proxy.wire_of_load("res.partner"))

    pushed = behind_proxy.push_report("res.partner")

    assert (pushed.unknown, pushed.sent) == (1, 0)
    assert behind_proxy.binding(account).state == Binding.State.UNKNOWN
    assert behind_proxy.message(account).status == OutboxMessage.Status.WAITING
    behind_proxy.settle()
    (record,) = named(behind_proxy, "res.partner", "Acme")
    assert behind_proxy.remote_id(account) == record["id"]
    assert Account.objects.filter(name="Acme").count() == 1
    assert behind_proxy.loads() == {"res.partner.load": 1}


def test_rule_02_a_create_that_never_arrived_is_sent_again(
    behind_proxy: TwoSides, proxy: RunningProxy, admin_user: User
) -> None:
    account = create_account(actor=admin_user, name="Acme")
    proxy.rule("timeout", seconds=0.1, **behind_proxy.wire_of_load("res.partner"))

    behind_proxy.push("res.partner")
    assert named(behind_proxy, "res.partner", "Acme") == []
    behind_proxy.settle()

    (record,) = named(behind_proxy, "res.partner", "Acme")
    assert behind_proxy.remote_id(account) == record["id"]
    assert behind_proxy.calls("ir.model.data.check_object_reference") == 1


def test_rule_02_what_a_person_changed_after_the_lost_answer_is_not_overwritten(
    behind_proxy: TwoSides, proxy: RunningProxy, admin_user: User
) -> None:
    account = create_account(actor=admin_user, name="Acme", city="Ulm", phone="1")
    proxy.rule("lost_answer", **behind_proxy.wire_of_load("res.partner"))
    behind_proxy.push("res.partner")
    (record,) = named(behind_proxy, "res.partner", "Acme")
    behind_proxy.control.write("res.partner", [record["id"]], city="Köln")

    behind_proxy.settle()

    account.refresh_from_db()
    assert account.city == behind_proxy.there(account)["city"] == "Köln"
    assert account.phone == behind_proxy.there(account)["phone"] == "1"


def test_rule_02_a_record_that_is_there_and_hidden_is_asked_again_in_five_seconds_then_parked(
    behind_proxy: TwoSides, proxy: RunningProxy, admin_user: User
) -> None:
    account = create_account(actor=admin_user, name="Acme")
    proxy.rule("lost_answer", **behind_proxy.wire_of_load("res.partner"))
    behind_proxy.push("res.partner")
    (record,) = named(behind_proxy, "res.partner", "Acme")
    behind_proxy.hide("res.partner", int(str(record["id"])))

    behind_proxy.later(6)
    behind_proxy.push("res.partner")
    waiting = behind_proxy.message(account)
    assert waiting.status == OutboxMessage.Status.WAITING
    assert waiting.due_at - timezone.now() > timedelta(seconds=4)
    for _try in range(3):
        behind_proxy.later(6)
        behind_proxy.push("res.partner")

    parked = behind_proxy.message(account)
    assert (parked.status, parked.reason) == (OutboxMessage.Status.PARKED, OutboxMessage.Reason.UNKNOWN)
    assert len(named(behind_proxy, "res.partner", "Acme")) == 1


@pytest.mark.parametrize(("series", "transport"), TRANSPORTS)
def test_rule_02_a_note_whose_answer_was_lost_stands_once(
    behind_proxy: TwoSides, proxy: RunningProxy, admin_user: User
) -> None:
    account = create_account(actor=admin_user, name="Acme")
    behind_proxy.settle()
    note = write_note(actor=admin_user, body="Called, wants a quote.", account=account)
    proxy.rule("lost_answer", **behind_proxy.wire_of_load("mail.message"))

    behind_proxy.push("mail.message")
    behind_proxy.settle()

    bodies = [row["body"] for row in behind_proxy.control.dump("mail.message")]
    assert bodies.count("<p>Called, wants a quote.</p>") == 1
    assert behind_proxy.message(note).status == OutboxMessage.Status.DONE


@pytest.mark.parametrize("series", [16, 18, 19])
def test_rule_02_the_refusal_of_a_note_that_exists_is_proof_that_it_does(synced: TwoSides, admin_user: User) -> None:
    account = create_account(actor=admin_user, name="Acme")
    synced.settle()
    note = write_note(actor=admin_user, body="Called.", account=account)
    synced.settle()
    Binding.objects.filter(object_uuid=note.uuid).update(remote_id=None, state=Binding.State.PENDING)
    OutboxMessage.objects.filter(object_uuid=note.uuid).update(status=OutboxMessage.Status.WAITING)

    synced.settle()

    assert synced.message(note).status == OutboxMessage.Status.DONE
    assert synced.binding(note).state == Binding.State.BOUND
    assert [row["body"] for row in synced.control.dump("mail.message")].count("<p>Called.</p>") == 1


@pytest.mark.parametrize("series", [16, 18, 19])
def test_rule_02_an_activity_done_before_its_answer_was_known_is_found_by_its_mark_and_not_made_again(
    behind_proxy: TwoSides, proxy: RunningProxy, admin_user: User
) -> None:
    account = create_account(actor=admin_user, name="Acme")
    behind_proxy.settle()
    task = create_task(actor=admin_user, title="Call back", account=account)
    proxy.rule("lost_answer", **behind_proxy.wire_of_load("mail.activity"))
    behind_proxy.push("mail.activity")
    (activity,) = named(behind_proxy, "mail.activity", "Call back")
    behind_proxy.control.call("mail.activity", "action_feedback", [activity["id"]])

    behind_proxy.settle()

    task.refresh_from_db()
    assert task.done_at is not None
    assert behind_proxy.message(task).status == OutboxMessage.Status.DONE
    open_ones = [row for row in named(behind_proxy, "mail.activity", "Call back") if row.get("active", True)]
    assert open_ones == []
