"""res.partner: companies are accounts, people are contacts (rule 10)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from integrations.odoo.mappers.base import ModelMap, NounMap, Row
from integrations.odoo.mappers.kinds import (
    Active,
    Degrees,
    Html,
    Json,
    NameRef,
    Ref,
    Refs,
    TagRefs,
    Text,
    Unresolved,
    Website,
)

MODEL = "res.partner"
PARENT = "parent_id"


@dataclass(frozen=True, kw_only=True)
class Above(Ref):
    """parent_id: the company above. For a contact whose parent is a person, that person's company, once it has one."""

    model: str = MODEL

    def incoming(self, remote: Json, refs: Refs) -> Json:
        if remote is None:
            return None
        found = refs.here(MODEL, remote)
        return Unresolved.UNRESOLVED if found is None or found.account_id is None else found.account_id

    def through(self, remote: Json, refs: Refs) -> bool:
        found = refs.here(MODEL, remote) if remote is not None else None
        return found is not None and found.is_person

    def cell(self, here: Json, refs: Refs) -> str | Unresolved:
        if here is None:
            return ""
        remote_id = refs.remote(MODEL, f"account:{here}")
        return Unresolved.UNRESOLVED if remote_id is None else str(remote_id)


def _address(*, with_parent: bool) -> tuple[Any, ...]:
    """The postal address: for people under a company it is the company's, neither compared nor sent."""
    return (
        Text(remote="street", local="street", with_parent=with_parent),
        Text(remote="street2", local="street2", with_parent=with_parent),
        Text(remote="zip", local="postal_code", with_parent=with_parent),
        Text(remote="city", local="city", with_parent=with_parent),
        Ref(remote="state_id", local="state", model="res.country.state", with_parent=with_parent),
        Ref(remote="country_id", local="country", model="res.country", with_parent=with_parent),
    )


ACCOUNT = NounMap(
    label="crm.Account",
    remote_model=MODEL,
    constants={"is_company": "True"},
    fields=(
        Text(remote="name", local="name"),
        Above(remote=PARENT, local="parent"),
        Ref(remote="user_id", local="manager", model="res.users"),
        Text(remote="email", local="email"),
        Text(remote="phone", local="phone"),
        Website(remote="website", local="website"),
        Text(remote="vat", local="vat"),
        NameRef(remote="industry_id", local="industry", model="res.partner.industry"),
        *_address(with_parent=True),
        Degrees(remote="partner_latitude", local="latitude", lacking="coordinates stay here"),
        Degrees(remote="partner_longitude", local="longitude", lacking="coordinates stay here"),
        Html(remote="comment", local="description"),
        TagRefs(remote="category_id", local="tags", model="res.partner.category"),
        Active(remote="active", local="archived_at"),
    ),
)

CONTACT = NounMap(
    label="crm.Contact",
    remote_model=MODEL,
    constants={"is_company": "False"},
    fields=(
        Text(remote="name", local="name"),
        Above(remote=PARENT, local="account"),
        Ref(remote="user_id", local="owner", model="res.users"),
        Text(remote="email", local="email"),
        Text(remote="phone", local="phone"),
        Text(remote="mobile", local="mobile", lacking="gone in 19: the second number is kept here, both stay callable"),
        Text(remote="function", local="job_title"),
        Website(remote="website", local="website"),
        Text(remote="vat", local="vat", with_parent=False),
        *_address(with_parent=False),
        Html(remote="comment", local="description"),
        TagRefs(remote="category_id", local="tags", model="res.partner.category"),
        Active(remote="active", local="archived_at"),
    ),
)


def label_of(row: Row) -> str:
    """A company is an account, anything else a contact."""
    return ACCOUNT.label if row["is_company"] else CONTACT.label


PARTNER = ModelMap(
    remote_model=MODEL,
    nouns=(ACCOUNT, CONTACT),
    label_of=label_of,
    reads=("is_company", "type"),
)
