"""Merging partners and leads, with what becomes of the loser's external ids, children and notes.

Measured on Odoo 16, 18 and 19: a merged partner's external ids move to the survivor, a merged lead's are deleted.
Since May 2026 newer builds delete a merged partner's external ids too; the setting
``merge_deletes_external_ids`` imitates them.
"""

from __future__ import annotations

import html as markup
from typing import TYPE_CHECKING, Any

from ..errors import UserError
from ..fields import Row
from .mail import post

if TYPE_CHECKING:
    from ..env import Env

FOLLOWERS = (("mail.message", "model"), ("mail.activity", "res_model"))
NOT_FILLED = frozenset({"id", "create_uid", "create_date", "write_uid", "write_date", "parent_id", "active"})


def merge_partners(env: Env, rows: list[Row], into: int) -> None:
    """Merge partners into one of them. Raises ``UserError`` for other e-mails unless an administrator asks."""
    emails = {str(row.get("email", "")).lower() for row in rows}
    if len(emails) > 1 and not env.is_admin:
        raise UserError(
            "All contacts must have the same email. Only the Administrator can merge contacts with different emails."
        )
    partners = env.model("res.partner")
    survivor = next(row for row in rows if row["id"] == into)
    losers = [row for row in rows if row["id"] != into]
    filled: Row = {}
    for loser in losers:
        _move_followers(env, "res.partner", loser["id"], into)
        _move_external_ids(env, loser["id"], into)
        for child in env.tx.by("res.partner", "parent_id", [loser["id"]]):
            partners.patch(env, child, {"parent_id": into})
        for lead in env.tx.by("crm.lead", "partner_id", [loser["id"]]):
            if env.series >= 18:
                env.model("crm.lead").patch(env, lead, {"partner_id": into})
            else:
                env.tx.put("crm.lead", {**lead, "partner_id": into})
        for name, value in loser.items():
            if name not in NOT_FILLED and not survivor.get(name) and name not in filled:
                filled[name] = value
        if "category_id" in loser:
            filled["category_id"] = sorted({*survivor.get("category_id", []), *loser["category_id"]})
        partners.remove(env, loser)
    partners.patch(env, env.tx.get("res.partner", into) or survivor, filled)
    names = ", ".join(markup.escape(f"{row.get('name')} <{row.get('email', '')}> (ID {row['id']})") for row in losers)
    post(env, partners, into, body=f"<p>Merged with the following partners: {names}</p>", body_is_html=True)


def _move_followers(env: Env, model: str, loser: int, into: int) -> None:
    for follower, link in FOLLOWERS:
        for one in env.tx.by(follower, "res_id", [loser]):
            if one.get(link) == model:
                env.tx.put(follower, {**one, "res_id": into})


def _move_external_ids(env: Env, loser: int, into: int) -> None:
    if env.engine.settings.merge_deletes_external_ids:
        return
    for entry in env.tx.by("ir.model.data", "res_id", [loser]):
        if entry["model"] == "res.partner":
            env.tx.put("ir.model.data", {**entry, "res_id": into})


def merge_leads(env: Env, rows: list[Row]) -> Row:
    """Merge leads and return the survivor: an opportunity before a lead, then the likelier, then the older."""
    if len(rows) < 2:
        raise UserError("Please select more than one element (lead or opportunity) from the list view.")
    leads = env.model("crm.lead")
    ranked = sorted(
        rows,
        key=lambda row: (
            row.get("type") == "opportunity",
            bool(row.get("active")),
            env.tx.get("crm.stage", row.get("stage_id", 0)) is not None and row.get("stage_id", 0),
            row.get("probability", 0.0),
            -row["id"],
        ),
        reverse=True,
    )
    survivor, losers = ranked[0], ranked[1:]
    filled: dict[str, Any] = {}
    for loser in losers:
        _move_followers(env, "crm.lead", loser["id"], survivor["id"])
        for name, value in loser.items():
            if name not in NOT_FILLED and not survivor.get(name) and name not in filled:
                filled[name] = value
    filled["description"] = "<br><br>".join(row["description"] for row in ranked if row.get("description")) or None
    filled["tag_ids"] = sorted({tag for row in ranked for tag in row.get("tag_ids", [])})
    if any(row.get("type") == "opportunity" for row in ranked):
        filled["type"] = "opportunity"
    for loser in losers:
        leads.remove(env, loser)
    merged = leads.patch(env, survivor, filled)
    post(env, leads, survivor["id"], body=_summary(env, losers), body_is_html=True, message_type="comment")
    return merged


def _summary(env: Env, losers: list[Row]) -> str:
    parts = []
    for row in losers:
        stage = env.tx.get("crm.stage", row.get("stage_id", 0)) or {}
        parts.append(
            f"<div><div>{markup.escape(str(row.get('name')))}</div><ul>"
            f"<li>Stage: {markup.escape(str(stage.get('name', '')))}</li>"
            f"<li>Email: {markup.escape(str(row.get('email_from', '')))}</li>"
            f"<li>Phone: {markup.escape(str(row.get('phone', '')))}</li></ul></div>"
        )
    return f'<div class="crm_lead_merge_summary"><p>The following leads were merged:</p>{"".join(parts)}</div>'
