"""crm.lead: one record in Odoo, two nouns here: lead and opportunity (rule 9)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, ClassVar

from integrations.odoo.mappers.base import ModelMap, NounMap, Row
from integrations.odoo.mappers.kinds import (
    UNRESOLVED,
    Choice,
    Day,
    Field,
    Html,
    Json,
    Moment,
    NameRef,
    Number,
    Ref,
    Refs,
    TagRefs,
    Text,
    Unresolved,
    Website,
)

MODEL = "crm.lead"
CONTACT_COLUMNS = ("email_from", "phone", "mobile", "contact_name", "partner_name", "website", "function")
# Fields of a lead that are its customer's, with their names there.
SHARED_WITH_CUSTOMER = {"email_from": "email", "phone": "phone"}
# Stands before one of our lead sources, in place of a name of Odoo.
OURS = "="
ADDRESS_COLUMNS = ("street", "street2", "zip", "city", "state_id/.id", "country_id/.id")


@dataclass(frozen=True, kw_only=True)
class Customer(Ref):
    """partner_id: the contact when a person, else the account. Here: "contact:7", "account:5" or empty."""

    model: str = "res.partner"

    empty_here: ClassVar[Json] = ""

    @property
    def attributes(self) -> tuple[str, ...]:
        return ("contact", "account")

    def read(self, obj: Any) -> Json:
        if obj.contact_id:
            return f"contact:{obj.contact_id}"
        return f"account:{obj.account_id}" if obj.account_id else ""

    def write(self, obj: Any, here: Json) -> None:
        kind, _, key = here.partition(":")
        obj.contact_id = int(key) if kind == "contact" else None
        if kind == "account":
            obj.account_id = int(key)
        elif not kind:
            obj.account_id = None

    def incoming(self, remote: Json, refs: Refs) -> Json:
        if remote is None:
            return ""
        found = refs.here(self.model, remote)
        return UNRESOLVED if found is None else found.key

    def cell(self, here: Json, refs: Refs) -> str | Unresolved:
        if not here:
            return ""
        remote_id = refs.remote(self.model, here)
        return UNRESOLVED if remote_id is None else str(remote_id)


class Standing(Field):
    """active and probability together: open, lost (inactive at 0 %), or archived. Both are states, not deletions."""

    empty_here = "open"
    empty_remote = "open"

    @property
    def attributes(self) -> tuple[str, ...]:
        return ("archived_at", "lost_at")

    @property
    def reads(self) -> tuple[str, ...]:
        return ("active", "probability")

    def canon_row(self, row: Mapping[str, Json]) -> Json:
        if row["active"]:
            return "open"
        return "archived" if row.get("probability") else "lost"

    def read(self, obj: Any) -> Json:
        if obj.archived_at:
            return "archived"
        return "lost" if obj.lost_at else "open"

    def write(self, obj: Any, here: Json) -> None:
        now = datetime.now(UTC)
        obj.archived_at = (obj.archived_at or now) if here == "archived" else None
        obj.lost_at = (obj.lost_at or now) if here == "lost" else None

    def cells(self, here: Json, refs: Refs, obj: Any) -> dict[str, str] | Unresolved:
        if here == "lost":
            return {"active": "False", "probability": "0"}
        if here == "archived":
            # An archived lead at 0 % would read as lost.
            return {"active": "False", "probability": str(getattr(obj, "probability", 0) or 1)}
        return {"active": "True"}


class LeadType(Field):
    """type: converted here, Odoo is told by type, date and customer in one row."""

    empty_here = ""
    empty_remote = ""

    @property
    def attributes(self) -> tuple[str, ...]:
        return ()

    def read(self, obj: Any) -> Json:
        return "opportunity" if obj._meta.model_name == "opportunity" else "lead"

    def write(self, obj: Any, here: Json) -> None:
        """The noun itself says it; a conversion is done by the conversion service, never by a field."""


class Probability(Number):
    """Odoo computes it; ours is sent only when set by hand (rule 13).

    Odoo knows no empty probability: 0 % is a value to take, and what an Odoo without won deals gives to every deal.
    """

    empty_remote: ClassVar[Json] = None

    def ours(self, obj: Any) -> bool:
        return bool(obj.probability_by_hand)

    def follows(self, obj: Any) -> bool:
        return not self.ours(obj)

    def cells(self, here: Json, refs: Refs, obj: Any) -> dict[str, str] | Unresolved:
        return {"probability": here or "0"} if self.ours(obj) else UNRESOLVED


class PipelineStage(Ref):
    """stage_id: Odoo knows no lost stage, and a lost deal cannot be won: such a stage of a lost deal is not sent."""

    def ours(self, obj: Any) -> bool:
        return obj.lost_at is None or not (obj.stage.is_lost or obj.stage.is_won)


@dataclass(frozen=True, kw_only=True)
class LeadSource(NameRef):
    """source_id: the UTM source in words; without one, our lead source as "=website", where it has an id in Odoo.

    `ids` maps our sources to ids of utm.source; one that is not on the map is Tandem's own, as good as empty here.
    """

    ids: tuple[tuple[str, int], ...] = ()

    @property
    def attributes(self) -> tuple[str, ...]:
        return ("utm_source", "source")

    def read(self, obj: Any) -> Json:
        return obj.utm_source or (f"{OURS}{obj.source}" if obj.source in dict(self.ids) else "")

    def write(self, obj: Any, here: Json) -> None:
        if here.startswith(OURS):
            obj.source, obj.utm_source = here.removeprefix(OURS), ""
        else:
            if not here and obj.source in dict(self.ids):
                obj.source = ""
            obj.utm_source = here

    def incoming(self, remote: Json, refs: Refs) -> Json:
        known = {number: source for source, number in self.ids}
        return f"{OURS}{known[remote]}" if remote in known else super().incoming(remote, refs)

    def cell(self, here: Json, refs: Refs) -> str | Unresolved:
        if not here.startswith(OURS):
            return super().cell(here, refs)
        number = dict(self.ids).get(here.removeprefix(OURS))
        return UNRESOLVED if number is None else str(number)

    def same(self, one: Json, other: Json) -> bool:
        return self._known(one) == self._known(other)

    def _known(self, here: Json) -> Json:
        """Taken off the map, a source means nothing in Odoo any more: what stands there is left alone."""
        return "" if here.startswith(OURS) and here.removeprefix(OURS) not in dict(self.ids) else here


def _utm(remote: str, local: str, model: str) -> NameRef:
    return NameRef(remote=remote, local=local, model=model, make=True, lacking="kept here only")


_PEOPLE = (
    Text(remote="contact_name", local="contact_name"),
    Text(remote="partner_name", local="company_name"),
    Text(remote="email_from", local="email", with_partner=False),
    Text(remote="phone", local="phone", with_partner=False),
)
_COMMON = (
    Ref(remote="user_id", local="owner", model="res.users"),
    Choice(remote="priority", local="priority"),
    Html(remote="description", local="description"),
    Ref(remote="lost_reason_id", local="lost_reason", model="crm.lost.reason"),
    TagRefs(remote="tag_ids", local="tags", model="crm.tag"),
    Standing(remote="active", local="archived_at"),
    Customer(remote="partner_id", local="contact"),
)

LEAD = NounMap(
    label="leads.Lead",
    remote_model=MODEL,
    fields=(
        Text(remote="name", local="name"),
        LeadType(remote="type", local="type"),
        *_PEOPLE,
        Text(
            remote="mobile",
            local="mobile",
            with_partner=False,
            lacking="gone in 19: the second number is kept here, both stay callable",
        ),
        Text(remote="function", local="job_title"),
        Website(remote="website", local="website"),
        Text(remote="street", local="street"),
        Text(remote="street2", local="street2"),
        Text(remote="zip", local="postal_code"),
        Text(remote="city", local="city"),
        Ref(remote="state_id", local="state", model="res.country.state"),
        Ref(remote="country_id", local="country", model="res.country"),
        Number(remote="expected_revenue", local="expected_revenue"),
        LeadSource(remote="source_id", local="utm_source", model="utm.source", make=True, lacking="kept here only"),
        _utm("medium_id", "utm_medium", "utm.medium"),
        _utm("campaign_id", "utm_campaign", "utm.campaign"),
        Text(remote="referred", local="referrer"),
        *_COMMON,
    ),
)

OPPORTUNITY = NounMap(
    label="crm.Opportunity",
    remote_model=MODEL,
    fields=(
        Text(remote="name", local="name"),
        LeadType(remote="type", local="type"),
        *_PEOPLE,
        Number(remote="expected_revenue", local="amount"),
        Probability(remote="probability", local="probability"),
        PipelineStage(remote="stage_id", local="stage", model="crm.stage"),
        Day(remote="date_deadline", local="close_date"),
        Moment(remote="date_conversion", local="converted_at"),
        *_COMMON,
    ),
)


def label_of(row: Row) -> str:
    """Odoo's type decides."""
    return LEAD.label if row["type"] == "lead" else OPPORTUNITY.label


CRM_LEAD = ModelMap(
    remote_model=MODEL,
    nouns=(LEAD, OPPORTUNITY),
    label_of=label_of,
    reads=("company_id",),
)

__all__ = ["ADDRESS_COLUMNS", "CONTACT_COLUMNS", "CRM_LEAD", "LEAD", "MODEL", "OPPORTUNITY", "SHARED_WITH_CUSTOMER"]
