"""Record pages in the admin: who gets in, what a save does, what a refusal looks like."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse

from crm.models import Account, Contact, Note, Opportunity, Stage, Tag, Task, User
from crm.services.accounts import update_account
from integrations.models import Connection, OutboxMessage
from tests.factories import (
    AccountFactory,
    ActivityFactory,
    CommunicationLogFactory,
    ContactFactory,
    LeadFactory,
    LostReasonFactory,
    NoteFactory,
    OpportunityFactory,
    TagFactory,
    TaskFactory,
)

pytestmark = pytest.mark.django_db
SignIn = Callable[[User], Client]


def page(record: Any, action: str = "change") -> str:
    opts = record._meta
    if action == "change":
        return reverse(f"admin:{opts.app_label}_{opts.model_name}_change", args=(record.pk,))
    return reverse(f"admin:{opts.app_label}_{opts.model_name}_{action}", args=(record.pk,))


def form_of(response: HttpResponse) -> dict[str, Any]:
    """What a browser would send back from this page, unchanged."""
    form = response.context["adminform"].form  # type: ignore[attr-defined]
    data: dict[str, Any] = {}
    for field in form:
        value = field.value()
        parts = field.field.widget.decompress(value) if hasattr(field.field.widget, "decompress") else None
        if parts is not None:
            data.update({f"{field.html_name}_{n}": part or "" for n, part in enumerate(parts)})
        elif value not in (None, False):
            data[field.html_name] = value
    return data


def words_of(response: HttpResponse) -> str:
    return response.content.decode()


MAKERS = {
    "account": lambda user: AccountFactory.create(manager=user),
    "contact": lambda user: ContactFactory.create(owner=user),
    "lead": lambda user: LeadFactory.create(owner=user),
    "opportunity": lambda user: OpportunityFactory.create(owner=user),
    "activity": lambda user: ActivityFactory.create(owner=user),
    "task": lambda user: TaskFactory.create(assignee=user),
    "note": lambda user: NoteFactory.create(created_by=user),
    "message": lambda user: CommunicationLogFactory.create(created_by=user),
}


@pytest.mark.parametrize("kind", MAKERS)
def test_owner_and_team_mate_open_a_record_and_a_stranger_does_not(
    kind: str, owner: User, team_mate: User, stranger: User, signed_in: SignIn
) -> None:
    record = MAKERS[kind](owner)
    url = page(record)
    assert [signed_in(user).get(url).status_code for user in (owner, team_mate, stranger)] == [200, 200, 302]
    listed = reverse(f"admin:{record._meta.app_label}_{record._meta.model_name}_changelist")
    assert url in words_of(signed_in(owner).get(listed))
    assert url not in words_of(signed_in(stranger).get(listed))


@pytest.mark.parametrize("kind", ["account", "contact", "lead", "opportunity", "task"])
def test_a_stranger_cannot_write_by_address(kind: str, owner: User, stranger: User, signed_in: SignIn) -> None:
    record = MAKERS[kind](owner)
    client = signed_in(stranger)
    client.post(page(record), {"name": "Taken", "expected_version": 1})
    client.post(page(record, f"{'archive'}_one"), {"confirmed": "1"})
    record.refresh_from_db()
    assert (record.version, record.archived_at) == (1, None)


@pytest.mark.parametrize("kind", MAKERS)
def test_a_read_only_user_reads_and_writes_nothing(kind: str, owner: User, reader: User, signed_in: SignIn) -> None:
    record = MAKERS[kind](owner)
    client = signed_in(reader)
    response = client.get(page(record))
    assert response.status_code == 200
    assert 'name="_save"' not in words_of(response)
    assert client.post(page(record), {"name": "Taken", "title": "Taken", "subject": "Taken"}).status_code == 403
    assert client.get(reverse(f"admin:{record._meta.app_label}_{record._meta.model_name}_add")).status_code == 403


def test_nobody_signed_out_gets_in(client: Client, owner: User) -> None:
    for url in (
        page(AccountFactory.create(manager=owner)),
        reverse("admin:leads_lead_changelist"),
        reverse("admin:index"),
    ):
        assert client.get(url).status_code == 302


def test_saving_goes_through_the_service(owner: User, signed_in: SignIn, connection_to_odoo: Connection) -> None:
    tag = TagFactory.create(name="Pilot")
    account = AccountFactory.create(name="Old", manager=owner)
    client = signed_in(owner)
    data = form_of(client.get(page(account)))
    response = client.post(page(account), {**data, "name": "Neu GmbH", "tags": [tag.pk]})
    assert response.status_code == 302
    account.refresh_from_db()
    assert (account.name, account.version, account.updated_by, account.search_text.startswith("neu gmbh")) == (
        "Neu GmbH",
        2,
        owner,
        True,
    )
    assert list(account.tags.all()) == [tag]
    assert sorted(account.field_times) == ["name", "tags"]
    assert OutboxMessage.objects.filter(object_uuid=account.uuid).count() == 1


def test_saving_without_a_change_writes_nothing(owner: User, signed_in: SignIn, connection_to_odoo: Connection) -> None:
    account = AccountFactory.create(manager=owner)
    client = signed_in(owner)
    client.post(page(account), form_of(client.get(page(account))))
    account.refresh_from_db()
    assert account.version == 1
    assert OutboxMessage.objects.count() == 0


def test_a_stale_form_gets_a_sentence_and_keeps_what_was_typed(owner: User, signed_in: SignIn) -> None:
    account = AccountFactory.create(name="Old", manager=owner)
    client = signed_in(owner)
    data = form_of(client.get(page(account)))
    update_account(account, actor=None, city="Hamburg")
    response = client.post(page(account), {**data, "name": "Typed here"})
    assert response.status_code == 200
    assert "Somebody else saved “Old” in the meantime" in words_of(response)
    assert "Typed here" in words_of(response)
    account.refresh_from_db()
    assert (account.name, account.city, account.version) == ("Old", "Hamburg", 2)


@pytest.mark.parametrize("version", ["", "many"])
def test_a_form_without_its_version_writes_nothing(version: str, owner: User, signed_in: SignIn) -> None:
    account = AccountFactory.create(name="Old", manager=owner)
    client = signed_in(owner)
    data = {**form_of(client.get(page(account))), "name": "New", "expected_version": version}
    assert client.post(page(account), data).status_code == 200
    account.refresh_from_db()
    assert account.name == "Old"


def test_a_refusal_of_the_service_stands_beside_its_field(owner: User, signed_in: SignIn) -> None:
    top = AccountFactory.create(name="Top", manager=owner)
    below = AccountFactory.create(name="Below", parent=top, manager=owner)
    client = signed_in(owner)
    response = client.post(page(top), {**form_of(client.get(page(top))), "parent": below.pk})
    assert response.context["adminform"].form.errors == {"parent": ["“Below” stands below this account."]}
    top.refresh_from_db()
    assert (top.parent, top.version) == (None, 1)


def test_adding_goes_through_the_service_and_takes_links_from_the_address(
    owner: User, signed_in: SignIn, connection_to_odoo: Connection
) -> None:
    account = AccountFactory.create(manager=owner)
    client = signed_in(owner)
    url = f"{reverse('admin:crm_contact_add')}?account={account.pk}"
    data = form_of(client.get(url))
    response = client.post(url, {**data, "name": "Ann", "is_primary": "on", "tags": [TagFactory.create().pk]})
    assert response.status_code == 302
    contact = Contact.objects.get()
    assert (contact.account, contact.is_primary, contact.created_by, contact.tags.count()) == (account, True, owner, 1)
    assert OutboxMessage.objects.get(object_uuid=contact.uuid).status == "waiting"


def test_a_field_offers_only_what_the_user_sees(owner: User, stranger: User, signed_in: SignIn) -> None:
    foreign = AccountFactory.create(name="Foreign", manager=stranger)
    client = signed_in(owner)
    data = form_of(client.get(reverse("admin:crm_contact_add")))
    response = client.post(reverse("admin:crm_contact_add"), {**data, "name": "Ann", "account": foreign.pk})
    assert list(response.context["adminform"].form.errors) == ["account"]
    answer = client.get(
        reverse("admin:autocomplete"),
        {"app_label": "crm", "model_name": "contact", "field_name": "account", "term": "foreign"},
    )
    assert answer.json()["results"] == []


def test_a_foreign_link_that_is_there_already_stops_no_edit(owner: User, stranger: User, signed_in: SignIn) -> None:
    foreign = AccountFactory.create(manager=stranger)
    contact = ContactFactory.create(owner=owner, account=foreign)
    client = signed_in(owner)
    client.post(page(contact), {**form_of(client.get(page(contact))), "name": "New"})
    contact.refresh_from_db()
    assert (contact.name, contact.account) == ("New", foreign)


@pytest.mark.parametrize("term", ["müller", "MÜLLER gmbh", "köln"])
def test_the_list_finds_whatever_the_case(term: str, owner: User, signed_in: SignIn) -> None:
    found = AccountFactory.create(name="Müller GmbH", city="KÖLN", manager=owner)
    AccountFactory.create(name="Other", manager=owner)
    response = signed_in(owner).get(reverse("admin:crm_account_changelist"), {"q": term})
    assert list(response.context["cl"].result_list) == [found]


def test_the_trash_is_hidden_until_asked_for(owner: User, signed_in: SignIn) -> None:
    account = AccountFactory.create(manager=owner)
    client = signed_in(owner)
    url = reverse("admin:crm_account_changelist")
    client.post(url, {"action": "archive_selected", "_selected_action": [account.pk]})
    assert list(client.get(url).context["cl"].result_list) == []
    assert list(client.get(url, {"trash": "only"}).context["cl"].result_list) == [account]
    client.post(f"{url}?trash=only", {"action": "restore_selected", "_selected_action": [account.pk]})
    assert list(client.get(url).context["cl"].result_list) == [account]


def test_nothing_can_be_deleted(admin_user: User, signed_in: SignIn) -> None:
    account = AccountFactory.create()
    client = signed_in(admin_user)
    assert client.post(page(account, "delete"), {"post": "yes"}).status_code == 403
    client.post(
        reverse("admin:crm_account_changelist"),
        {"action": "delete_selected", "_selected_action": [account.pk], "post": "yes"},
    )
    assert Account.objects.filter(pk=account.pk).exists()


def test_moving_to_the_trash_asks_first(owner: User, signed_in: SignIn) -> None:
    account = AccountFactory.create(name="Old", manager=owner)
    client = signed_in(owner)
    url = page(account, "archive_one")
    assert "Move “Old” to the trash?" in words_of(client.get(url))
    account.refresh_from_db()
    assert account.archived_at is None
    assert client.post(url, {"confirmed": "1"}).status_code == 302
    account.refresh_from_db()
    assert account.archived_at is not None
    assert "In the trash since" in words_of(client.get(page(account)))


def test_related_records_and_ways_to_add_them(owner: User, stranger: User, signed_in: SignIn) -> None:
    account = AccountFactory.create(manager=owner)
    ContactFactory.create(name="Ann Visible", account=account, owner=owner)
    ContactFactory.create(name="Bob Foreign", account=account, owner=stranger)
    for number in range(9):
        TaskFactory.create(title=f"Job {number}", account=account, assignee=owner)
    shown = words_of(signed_in(owner).get(page(account)))
    assert "Ann Visible" in shown
    assert "Bob Foreign" not in shown
    assert f"{reverse('admin:crm_contact_add')}?account={account.pk}" in shown
    assert f"{reverse('admin:crm_task_changelist')}?account__id__exact={account.pk}" in shown


def test_an_opportunity_moves_by_its_form(owner: User, signed_in: SignIn, stages: dict[str, Stage]) -> None:
    client = signed_in(owner)
    add = reverse("admin:crm_opportunity_add")
    client.post(add, {**form_of(client.get(add)), "name": "Deal", "amount": "12.50"})
    deal = Opportunity.objects.get()
    assert (deal.probability, deal.probability_by_hand, deal.owner) == (10, False, owner)
    client.post(page(deal), {**form_of(client.get(page(deal))), "stage": stages["proposal"].pk})
    deal.refresh_from_db()
    assert (deal.probability, deal.stage_changes.count()) == (50, 2)


def test_won_lost_and_reopened_by_button(owner: User, signed_in: SignIn, stages: dict[str, Stage]) -> None:
    reason = LostReasonFactory.create()
    deal = OpportunityFactory.create(owner=owner, stage=stages["proposal"])
    client = signed_in(owner)
    client.post(page(deal, "win_one"), {"confirmed": "1"})
    deal.refresh_from_db()
    assert deal.stage.key == "closed-won"
    client.post(page(deal, "lose_one"), {"confirmed": "1", "reason": reason.pk})
    deal.refresh_from_db()
    assert (deal.stage.key, deal.lost_reason) == ("closed-lost", reason)
    client.post(page(deal, "reopen_one"), {"confirmed": "1"})
    deal.refresh_from_db()
    assert (deal.stage.is_lost, deal.lost_at) == (False, None)


def test_chosen_deals_are_lost_with_one_reason(owner: User, signed_in: SignIn, stages: dict[str, Stage]) -> None:
    reason = LostReasonFactory.create()
    deals = OpportunityFactory.create_batch(2, owner=owner, stage=stages["proposal"])
    client = signed_in(owner)
    url = reverse("admin:crm_opportunity_changelist")
    chosen = {"action": "lose_selected", "_selected_action": [deal.pk for deal in deals]}
    assert "Mark the chosen opportunities as lost?" in words_of(client.post(url, chosen))
    assert Opportunity.objects.filter(lost_at__isnull=False).count() == 0
    client.post(url, {**chosen, "confirmed": "1", "reason": reason.pk})
    assert Opportunity.objects.filter(lost_reason=reason).count() == 2


def test_chosen_tasks_are_done(owner: User, signed_in: SignIn) -> None:
    tasks = TaskFactory.create_batch(2, assignee=owner)
    client = signed_in(owner)
    url = reverse("admin:crm_task_changelist")
    client.post(url, {"action": "complete_selected", "_selected_action": [task.pk for task in tasks]})
    assert Task.objects.filter(done_at__isnull=False, version=2).count() == 2


def test_a_note_is_written_once(owner: User, signed_in: SignIn) -> None:
    account = AccountFactory.create(manager=owner)
    client = signed_in(owner)
    add = f"{reverse('admin:crm_note_add')}?account={account.pk}"
    client.post(add, {**form_of(client.get(add)), "body": "One\n<script>alert(1)</script>"})
    note = Note.objects.get()
    assert note.body == "<p>One<br>&lt;script&gt;alert(1)&lt;/script&gt;</p>"
    shown = words_of(client.get(page(note)))
    assert "One<br>&lt;script&gt;" in shown
    assert 'name="_save"' not in shown


def test_a_tag_in_use_is_refused_with_a_sentence(owner: User, signed_in: SignIn) -> None:
    TagFactory.create(name="Müller")
    response = signed_in(owner).post(reverse("admin:crm_tag_add"), {"name": "MÜLLER", "color": "0"})
    assert "A tag of this name exists" in words_of(response)
    assert Tag.objects.count() == 1


def test_a_lead_is_converted_in_the_workspace(owner: User, signed_in: SignIn) -> None:
    lead = LeadFactory.create(owner=owner)
    assert signed_in(owner).get(page(lead, "convert_one"))["Location"] == f"/leads/{lead.uuid}/do/convert/"


def test_a_stranger_converts_nothing(owner: User, stranger: User, signed_in: SignIn, stages: dict[str, Stage]) -> None:
    lead = LeadFactory.create(owner=owner)
    data = {"confirmed": "1", "name": "Deal", "amount": "10", "stage": stages["proposal"].pk}
    assert signed_in(stranger).post(page(lead, "convert_one"), data).status_code == 403
    assert Opportunity.objects.count() == 0
