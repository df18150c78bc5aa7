"""The keys by which records are compared: the database and the functions for typed words say the same."""

from __future__ import annotations

import pytest

from crm.models import Account, Contact
from crm.models.keys import key_of_email, key_of_name, key_of_phone, key_of_site
from tests.factories import AccountFactory, ContactFactory, LeadFactory


@pytest.mark.parametrize("typed", ["+49 30 1234567", "030/123 45 67", "0049 (0)30-1234567", "(030) 1234.567"])
def test_a_number_has_one_key_however_it_is_typed(typed: str, db: None) -> None:
    contact = ContactFactory.create(phone=typed, mobile="1")
    contact.refresh_from_db()

    assert contact.phone_key == key_of_phone(typed) == "01234567"
    assert contact.mobile_key == "1"


@pytest.mark.parametrize(
    "name", ["Müller GmbH", "MUELLER", "Mueller GmbH & Co. KG", "müller, Ltd.", "Mül-ler", "MÜLLER AG"]
)
def test_names_that_differ_in_case_accents_points_and_legal_form_have_one_key(name: str, db: None) -> None:
    account = AccountFactory.create(name=name)
    account.refresh_from_db()

    assert account.name_key == key_of_name(name) == "mueller"


@pytest.mark.parametrize(
    ("website", "email", "key"),
    [
        ("https://www.Acme.example/about", "", "acme.example"),
        ("acme.example", "x@other.example", "acme.example"),
        ("", "Sales@Acme.example", "acme.example"),
        ("", "nonsense", ""),
        ("", "", ""),
    ],
)
def test_a_company_is_known_by_the_domain_of_its_website_or_address(
    website: str, email: str, key: str, db: None
) -> None:
    account = AccountFactory.create(website=website, email=email)
    account.refresh_from_db()

    assert (account.site_key, account.email_key) == (key, key_of_email(email))
    assert key_of_site(website, email) == key


def test_keys_follow_every_change_and_bulk_writes_too(db: None) -> None:
    Contact.objects.bulk_create([Contact(name="Ann é", email="A@B.example"), Contact(name="Ben", email="")])
    Contact.objects.filter(name="Ben").update(email="BEN@b.example")
    lead = LeadFactory.create(contact_name="Ann", company_name="Acme Inc")
    lead.refresh_from_db()

    assert list(Contact.objects.order_by("pk").values_list("email_key", "name_key")) == [
        ("a@b.example", "anne"),
        ("ben@b.example", "ben"),
    ]
    assert lead.name_key == "annacme"
    assert Account.objects.filter(email_key="nobody").count() == 0
