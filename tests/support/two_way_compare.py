"""Whether both sides say the same: read from the sandbox's own storage and from our tables, by a map of our own.

This file shares nothing with the field maps or the merge: a mistake there is seen here.
"""

from __future__ import annotations

import html
import re
from collections import Counter
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from crm.models import Account, Contact, Opportunity, Tag
from integrations.models import Binding, Conflict
from leads.models import Lead
from tests.support.two_sides import TwoSides

ADDRESS = ("street", "street2", "zip", "city", "vat")


@dataclass(frozen=True)
class Pair:
    """One field: its name in Odoo, here, and how it is compared."""

    remote: str
    local: str
    kind: str = "text"
    editable: bool = True

    def exists_in(self, series: int) -> bool:
        return not (self.remote == "mobile" and series >= 19)


_PARTNER = (
    Pair("name", "name", editable=False),
    Pair("email", "email"),
    Pair("phone", "phone"),
    Pair("website", "website", "website"),
    Pair("vat", "vat"),
    Pair("street", "street"),
    Pair("street2", "street2"),
    Pair("zip", "postal_code"),
    Pair("city", "city"),
    Pair("comment", "description", "html"),
)
_DEAL = (
    Pair("name", "name", editable=False),
    Pair("contact_name", "contact_name"),
    Pair("partner_name", "company_name"),
    Pair("email_from", "email"),
    Pair("phone", "phone"),
    Pair("description", "description", "html"),
)
FIELDS: dict[str, tuple[Pair, ...]] = {
    "crm.Account": _PARTNER,
    "crm.Contact": (*_PARTNER, Pair("mobile", "mobile"), Pair("function", "job_title")),
    "leads.Lead": (
        *_DEAL,
        Pair("function", "job_title"),
        Pair("website", "website", "website"),
        Pair("street", "street"),
        Pair("zip", "postal_code"),
        Pair("city", "city"),
        Pair("referred", "referrer"),
        Pair("expected_revenue", "expected_revenue", "number"),
    ),
    "crm.Opportunity": (*_DEAL, Pair("expected_revenue", "amount", "number")),
}


def canonical(one: Pair, value: Any) -> Any:
    """A value of either side so that equal meanings are equal."""
    if one.kind == "number":
        return Decimal(str(value or 0)).quantize(Decimal("0.01"))
    text = str(value or "")
    if one.kind == "website":
        return re.sub(r"^https?://", "", text)
    if one.kind == "html":
        return " ".join(html.unescape(re.sub(r"</?(p|br|div|a|ul|li)\b[^<>]*>", " ", text)).split())
    return text


def owned_elsewhere(one: Pair, row: dict[str, Any]) -> bool:
    """Rule 10: the company above owns a person's address and VAT, the customer a lead's e-mail and phone."""
    if row.get("parent_id") and not row.get("is_company") and one.remote in ADDRESS:
        return True
    return bool(row.get("partner_id")) and one.remote in ("email_from", "phone")


def differences(sides: TwoSides) -> list[str]:
    """Everything in which both sides differ, in words; empty when they are in step."""
    return [*_partners(sides), *_deals(sides), *_singles(sides)]


def _partners(sides: TwoSides) -> list[str]:
    found: list[str] = []
    own = {row["partner_id"] for row in sides.control.dump("res.users")}
    own |= {row["partner_id"] for row in sides.control.dump("res.company")}
    rows = [row for row in sides.control.dump("res.partner") if row["id"] not in own and row["type"] == "contact"]
    by_id = {row["id"]: row for row in rows}
    asked = set(Conflict.objects.filter(field="is_company", status="open").values_list("remote_id", flat=True))
    seen = set()
    for row in rows:
        obj = _here(sides, "res.partner", row["id"])
        if obj is None:
            found.append(f"partner {row['id']} {row['name']} is not here")
            continue
        seen.add(obj.uuid)
        if (obj._meta.label == "crm.Account") != bool(row["is_company"]) and row["id"] not in asked:
            found.append(f"partner {row['id']} is a {obj._meta.label} here")
        found += _fields(sides, obj, row)
        found += _active(obj, row)
        found += _tags(sides, "res.partner.category", obj, row["category_id"])
        above = obj.parent_id if isinstance(obj, Account) else obj.account_id
        wanted = _company_above(sides, by_id, row)
        if above != wanted:
            found.append(f"partner {row['id']} stands under {wanted} in Odoo, under {above} here")
    missing = [obj for obj in [*Account.objects.all(), *Contact.objects.filter(moved_to=None)] if obj.uuid not in seen]
    return found + [f"{obj._meta.label} {obj} is not in Odoo" for obj in missing]


def _company_above(sides: TwoSides, by_id: dict[int, dict[str, Any]], row: dict[str, Any]) -> int | None:
    parent = by_id.get(row["parent_id"] or 0)
    while parent is not None:
        obj = _here(sides, "res.partner", parent["id"])
        if isinstance(obj, Account):
            return obj.pk
        parent = by_id.get(parent["parent_id"] or 0)
    return None


def _deals(sides: TwoSides) -> list[str]:
    found: list[str] = []
    seen = set()
    for row in sides.control.dump("crm.lead"):
        obj = _here(sides, "crm.lead", row["id"])
        if obj is None:
            found.append(f"lead {row['id']} {row['name']} is not here")
            continue
        seen.add(obj.uuid)
        if (obj._meta.label == "leads.Lead") != (row["type"] == "lead"):
            found.append(f"lead {row['id']} is a {obj._meta.label} here and a {row['type']} in Odoo")
        found += _fields(sides, obj, row)
        found += _standing(obj, row)
        found += _tags(sides, "crm.tag", obj, row["tag_ids"])
        found += _customer(sides, obj, row)
        if isinstance(obj, Opportunity):
            stage = Binding.objects.get(remote_model="crm.stage", remote_id=row["stage_id"])
            if obj.stage.uuid != stage.object_uuid and not (obj.lost_at and obj.stage.is_lost):
                found.append(f"lead {row['id']}: stage {row['stage_id']} in Odoo, “{obj.stage}” here")
            if abs(float(obj.probability) - row["probability"]) > 0.01:
                found.append(f"lead {row['id']}: {row['probability']} % in Odoo, {obj.probability} % here")
    missing = [
        obj for obj in [*Lead.objects.filter(converted_at=None), *Opportunity.objects.all()] if obj.uuid not in seen
    ]
    return found + [f"{obj._meta.label} {obj} is not in Odoo" for obj in missing]


def _here(sides: TwoSides, model: str, remote_id: int) -> Any:
    binding = Binding.objects.filter(remote_model=model, remote_id=remote_id).first()
    if binding is None:
        return None
    table: Any = binding.content_type.model_class()
    return table._default_manager.filter(uuid=binding.object_uuid).first()


def _fields(sides: TwoSides, obj: Any, row: dict[str, Any]) -> list[str]:
    found = []
    for one in FIELDS[obj._meta.label]:
        if not one.exists_in(sides.odoo.series):
            continue
        if row.get("parent_id") and not row["is_company"] and one.remote in ADDRESS:
            continue
        here, there = canonical(one, getattr(obj, one.local)), canonical(one, row[one.remote])
        if here != there:
            base = Binding.objects.get(object_uuid=obj.uuid).base.get(one.remote, "nothing")
            found.append(
                f"{obj._meta.label} {obj} ({row['id']}).{one.remote}: {here!r} here, {there!r} in Odoo, base {base!r}"
            )
    return found


def _active(obj: Any, row: dict[str, Any]) -> list[str]:
    if bool(row["active"]) == (obj.archived_at is None):
        return []
    return [
        f"{obj._meta.label} {obj} ({row['id']}): active is {row['active']} in Odoo, archived {obj.archived_at} here"
    ]


def _standing(obj: Any, row: dict[str, Any]) -> list[str]:
    there = "open" if row["active"] else "archived" if row["probability"] else "lost"
    here = "archived" if obj.archived_at else "lost" if obj.lost_at else "open"
    return [] if here == there else [f"{obj._meta.label} {obj} ({row['id']}) is {there} in Odoo, {here} here"]


def _tags(sides: TwoSides, model: str, obj: Any, ids: list[int]) -> list[str]:
    there = {row["name"].casefold() for row in sides.control.dump(model) if row["id"] in ids}
    here = {tag.name.casefold() for tag in obj.tags.all()}
    ties = [(str(one), one.state, one.base) for one in Binding.objects.filter(object_uuid=obj.uuid)]
    return [] if here == there else [f"{obj._meta.label} {obj}: tags {there} in Odoo, {here} here; {ties}"]


def _customer(sides: TwoSides, obj: Any, row: dict[str, Any]) -> list[str]:
    here = obj.contact or obj.account
    there = _here(sides, "res.partner", row["partner_id"]) if row["partner_id"] else None
    same = (here is None and there is None) or (here is not None and there is not None and here.uuid == there.uuid)
    return [] if same else [f"{obj._meta.label} {obj} ({row['id']}): customer {there!r} in Odoo, {here!r} here"]


def _singles(sides: TwoSides) -> list[str]:
    """No record twice: by name, by external id, by binding."""
    found = []
    for model in ("res.partner", "crm.lead", "crm.tag", "res.partner.category"):
        rows = sides.control.dump(model)
        names = Counter(row["name"].casefold() for row in rows)
        found += [f"{model} “{name}” stands {count} times in Odoo" for name, count in names.items() if count > 1]
        for row in rows:
            ours = [one for one in row["xmlids"] if one.startswith(sides.connection.prefix)]
            if len(ours) > 1:
                found.append(f"{model} {row['id']} has {len(ours)} external ids of ours")
    for table in (Account, Contact.objects.filter(moved_to=None), Lead, Opportunity, Tag):
        rows_here = table.all() if hasattr(table, "all") else table.objects.all()
        names = Counter(obj.name.casefold() for obj in rows_here)
        found += [f"“{name}” stands {count} times here" for name, count in names.items() if count > 1]
    return found
