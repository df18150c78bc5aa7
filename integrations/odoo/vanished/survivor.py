"""Who a record was merged into in Odoo, and what hung on it here (rule 14)."""

from __future__ import annotations

import html
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from django.apps import apps
from django.db.models import Exists, OuterRef, Q
from django.utils import timezone

from crm.models import Account, Activity, CommunicationLog, Note, Opportunity, Task
from crm.models.base import Linked
from integrations.models import BeforeImage, Binding
from integrations.odoo.applying.matching import similar_names
from integrations.odoo.mappers import crm_lead, res_partner
from integrations.odoo.wire.domains import same_text
from integrations.odoo.wire.session import Session
from leads.models import Lead

PARTNER, LEAD = res_partner.MODEL, crm_lead.MODEL
SUMMARY = "crm_lead_merge_summary"
HANGING: tuple[type[Linked], ...] = (Activity, Task, Note, CommunicationLog)
LINKS = {"crm.Account": "account", "crm.Contact": "contact", "leads.Lead": "lead", "crm.Opportunity": "opportunity"}
# What points to a partner here: table and foreign key.
POINTING: dict[str, tuple[tuple[str, str], ...]] = {
    "crm.Account": (
        ("crm.Account", "parent"),
        ("crm.Contact", "account"),
        ("leads.Lead", "account"),
        ("crm.Opportunity", "account"),
    ),
    "crm.Contact": (("leads.Lead", "contact"), ("crm.Opportunity", "contact")),
}
# What points to it and stands in no field of Odoo.
OURS: dict[str, tuple[tuple[str, str], ...]] = {
    "crm.Account": (("leads.Lead", "converted_account"),),
    "crm.Contact": (("crm.Contact", "reports_to"), ("leads.Lead", "converted_contact")),
}
MOST = 20
# The ids are compared every hour: what a poll took before that is found in the images of its run.
LATELY = timedelta(hours=3)


class Unsure(Exception):
    """It may have been merged into one of these: a person is asked."""

    def __init__(self, ids: Sequence[int]) -> None:
        self.ids = list(ids)
        super().__init__(f"{len(self.ids)} may be the survivor")


def find(session: Session, binding: Binding, obj: Any) -> int | None:
    """The Odoo id of the survivor of a record whose external id is gone, or None when it was simply deleted.

    Merged leads lose their external ids in every series, merged partners since May 2026. Raises Unsure. Two calls at
    most.
    """
    if isinstance(obj, Lead | Opportunity):
        return _lead(session, obj)
    return _partner(session, binding, obj) if obj is not None and binding.remote_model == PARTNER else None


def _told(session: Session, model: str, *bodies: str) -> list[int]:
    """Records whose chatter holds all these texts."""
    domain = [["model", "=", model], *(["body", "ilike", body] for body in bodies)]
    rows = session.client.search_read("mail.message", domain, ["res_id"], context=session.read_context)
    return sorted({row["res_id"] for row in rows if row.get("res_id")})


def _partner(session: Session, binding: Binding, obj: Any) -> int | None:
    """The survivor's chatter names the loser's id; else the certainty rules of the first match decide (rule 12).

    Sure is VAT, or e-mail and a similar name; e-mail alone, or phone and a similar name, is a guess.
    """
    told = _told(session, PARTNER, f"(ID {binding.remote_id})")
    marks = [(name, value) for name in ("vat", "email", "phone") if (value := getattr(obj, name))]
    if told or not marks:
        return _only(told)
    domain = ["|"] * (len(marks) - 1) + [same_text(name, value) for name, value in marks]
    fields = ["name", "is_company", "vat", "email", "phone"]
    rows = session.client.search_read(PARTNER, domain, fields, limit=MOST, context=session.read_context)
    same_kind = [row for row in rows if bool(row["is_company"]) == isinstance(obj, Account)]
    sure = [row["id"] for row in same_kind if _sure(row, obj)]
    if sure:
        return _only(sure)
    if guessed := [row["id"] for row in same_kind if _guess(row, obj)]:
        raise Unsure(guessed)
    return None


def _equal(row: Any, obj: Any, name: str) -> bool:
    here = str(getattr(obj, name)).strip().casefold()
    return bool(here) and str(row.get(name) or "").strip().casefold() == here


def _sure(row: Any, obj: Any) -> bool:
    return _equal(row, obj, "vat") or (_equal(row, obj, "email") and similar_names(str(row["name"]), obj.name))


def _guess(row: Any, obj: Any) -> bool:
    return _equal(row, obj, "email") or (_equal(row, obj, "phone") and similar_names(str(row["name"]), obj.name))


def _lead(session: Session, obj: Lead | Opportunity) -> int | None:
    """The survivor's chatter sums up, by name, what was merged into it; e-mail tells those of one name apart."""
    told = _told(session, LEAD, SUMMARY, html.escape(obj.name))
    if len(told) > 1 and obj.email:
        told = _told(session, LEAD, SUMMARY, html.escape(obj.name), html.escape(obj.email)) or told
    return _only(told)


def _only(ids: Sequence[int]) -> int | None:
    if len(ids) > 1:
        raise Unsure(ids)
    return ids[0] if ids else None


def hand_over(loser: Any, survivor: Any) -> dict[str, int]:
    """Hang on the survivor what hung on the loser, in the caller's transaction; returns how many rows, by table.

    Activities (calls and meetings among them), notes, tasks and mails; and whatever points to the loser and is not in
    Odoo itself, such as a lead that was not sent yet. What is in Odoo follows Odoo's own link, see `pointing_to`.
    """
    old, new = LINKS[loser._meta.label], LINKS[survivor._meta.label]
    moved: dict[str, int] = {}
    for table in HANGING:
        moved[table._meta.label] = table._default_manager.filter(**{old: loser}).update(**{old: None, new: survivor})
    if old == new:
        for label, name in (*POINTING.get(loser._meta.label, ()), *OURS.get(loser._meta.label, ())):
            table = apps.get_model(label)
            in_odoo = Binding.objects.filter(object_uuid=OuterRef("uuid"), remote_id__isnull=False)
            rows = table._default_manager.filter(**{name: loser}).exclude(
                pk=survivor.pk if label == loser._meta.label else None
            )
            if (label, name) not in OURS.get(loser._meta.label, ()):
                rows = rows.filter(~Exists(in_odoo))
            moved[f"{label}.{name}"] = rows.update(**{name: survivor})
    return {name: count for name, count in moved.items() if count}


def links_to(obj: Any) -> list[list[str]]:
    """What points to this record here: table, uuid and field of each.

    What a poll has just taken from it, because Odoo clears the links of a deleted record at once, counts as well.
    """
    found: list[list[str]] = []
    for label, name in POINTING.get(obj._meta.label, ()):
        uuids = apps.get_model(label)._default_manager.filter(**{name: obj}).order_by("pk")
        found += [[label, str(one), name] for one in uuids.values_list("uuid", flat=True)]
    return found + _links_lost(obj)


def _links_lost(obj: Any) -> list[list[str]]:
    kind = obj._meta.model_name
    held = Q(fields__partner_id__0=f"{kind}:{obj.pk}")
    if kind == "account":
        held |= Q(fields__parent_id__0=obj.pk)
    recent = BeforeImage.objects.filter(held, run__started_at__gte=timezone.now() - LATELY)
    found: list[list[str]] = []
    for one in recent.select_related("content_type").order_by("id"):
        table = one.content_type.model_class()
        name = "parent" if kind == "account" and table is Account else kind
        if table is not None and (table._meta.label, name) in POINTING.get(obj._meta.label, ()):
            found.append([table._meta.label, str(one.object_uuid), name])
    return found


def pointing_to(obj: Any) -> dict[str, list[int]]:
    """Ids in Odoo of what points to this account or contact, by model: Odoo points it elsewhere, on 16 silently."""
    found: dict[str, list[int]] = {}
    for label, name in POINTING.get(obj._meta.label, ()):
        uuids = apps.get_model(label)._default_manager.filter(**{name: obj}).values("uuid")
        bound = Binding.objects.filter(object_uuid__in=uuids, remote_id__isnull=False)
        for remote_model, remote_id in bound.values_list("remote_model", "remote_id"):
            found.setdefault(remote_model, []).append(remote_id or 0)
    return found
