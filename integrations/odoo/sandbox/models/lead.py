"""crm.lead: stages, probability, won and lost, and the coupling with its partner.

Measured on Odoo 16, 18 and 19.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..errors import BuiltinError, ValidationError
from ..fields import Row
from .chatter import Chatter
from .lead_fields import COLUMNS
from .partner_fields import normal_email, normal_phone, with_scheme
from .rpc import Recordset, id_list, on_records

if TYPE_CHECKING:
    from ..env import Env

# Taken from the partner whenever partner_id is written, unless the same row brings the column, be it empty.
FROM_PARTNER = {
    "email_from": "email",
    "phone": "phone",
    "mobile": "mobile",
    "website": "website",
    "function": "function",
}
# The address comes as a whole or, when the row brings any column of it, not at all.
ADDRESS = ("street", "street2", "zip", "city", "state_id", "country_id")
COUPLED = {"email_from": "email", "phone": "phone"}
LOST: Row = {"active": False, "probability": 0.0, "automated_probability": 0.0}
TRACKED = ("stage_id", "user_id", "expected_revenue", "probability", "partner_id", "type", "active")


class Lead(Chatter):
    """Leads and opportunities, one record for both."""

    name = "crm.lead"
    label = "Lead/Opportunity"
    labels = {19: "Lead"}
    order = "priority desc, id desc"
    columns = COLUMNS

    def defaults(self, env: Env) -> Row:
        first = env.model("crm.stage").find(env, [], "sequence, id")
        return {
            **super().defaults(env),
            "type": "opportunity",
            "priority": "0",
            "user_id": env.uid,
            "team_id": 1,
            "company_id": env.company,
            "stage_id": first[0]["id"] if first else None,
        }

    # -- before the row is stored -------------------------------------------------------------------------

    def prepare(self, env: Env, values: Row, *, old: Row | None) -> Row:
        if values.get("website"):
            values["website"] = with_scheme(values["website"])
        now = env.tx.now[:19]
        if old is None:
            values.setdefault("date_last_stage_update", now)
        if values.get("partner_id"):
            self._take_over(env, values, old or {})
        elif old is not None and "partner_id" in values and self.series >= 19:
            values.setdefault("contact_name", None)
        if values.get("user_id") and values["user_id"] != (old or {}).get("user_id"):
            values.setdefault("date_open", now)
        self._score(env, values, old, now)
        return values

    def _score(self, env: Env, values: Row, old: Row | None, now: str) -> None:
        """Keep probability, its automatic twin and the closing date in step with stage and archive state."""
        before = old or {}
        stage_id = values.get("stage_id") or before.get("stage_id")
        stage = env.tx.get("crm.stage", stage_id) if stage_id else None
        moved = old is None or ("stage_id" in values and values["stage_id"] != before.get("stage_id"))
        if moved and stage is not None:
            values["date_last_stage_update"] = now
            values["automated_probability"] = automatic(env, stage)
        if moved and stage is not None and stage.get("is_won"):
            values["probability"] = values["automated_probability"] = 100.0
        by_hand = "probability" in values
        was_automatic = before.get("probability", 0.0) == before.get("automated_probability", 0.0)
        if moved and not by_hand and (old is None or was_automatic or before.get("probability") == 100.0):
            values["probability"] = values.get("automated_probability")
        if (values.get("probability") or 0.0) >= 100.0 or ("active" in values and not values["active"]):
            if not before.get("date_closed") or moved:
                values.setdefault("date_closed", now)
        elif "probability" in values and old is not None and old.get("active") and "active" not in values:
            values.setdefault("date_closed", None)

    def _take_over(self, env: Env, values: Row, before: Row) -> None:
        """Put what the partner has over the lead's own, even when the partner was the lead's before."""
        partner = env.tx.get("res.partner", values["partner_id"])
        if partner is None:
            return
        for own, theirs in FROM_PARTNER.items():
            value = partner.get(theirs)
            written_otherwise = own in COUPLED and self._same(env, own, before.get(own), value, partner)
            if own in self.fields and value and not written_otherwise:
                values.setdefault(own, value)
        if not any(name in values for name in ADDRESS) and any(partner.get(name) for name in ADDRESS):
            values.update({name: partner.get(name) for name in ADDRESS})
        parent = env.tx.get("res.partner", partner["parent_id"]) if partner.get("parent_id") else None
        if not partner.get("is_company"):
            values.setdefault("contact_name", partner.get("name"))
        company = (parent or {}).get("name") or partner.get("name" if partner.get("is_company") else "company_name")
        if company:
            values.setdefault("partner_name", company)

    # -- after the row is stored --------------------------------------------------------------------------

    def after_create(self, env: Env, row: Row, given: Row) -> None:
        self._give_to_partner(env, row, given)
        if not env.quiet:
            kind = "Lead" if self.series >= 19 else "Lead/Opportunity"
            env.model("mail.message").log(env, self.name, row["id"], f"<p>{kind} created</p>")  # type: ignore[attr-defined]
            self._announce_owner(env, {}, row)

    def after_write(self, env: Env, old: Row, row: Row, given: Row) -> None:
        self._give_to_partner(env, row, given)
        if not env.quiet:
            tracked = [name for name in TRACKED if old.get(name) != row.get(name)]
            if tracked:
                env.model("mail.message").log(env, self.name, row["id"], "")  # type: ignore[attr-defined]
            self._announce_owner(env, old, row)

    def _announce_owner(self, env: Env, old: Row, row: Row) -> None:
        owner = row.get("user_id")
        if owner and owner != old.get("user_id") and owner != env.uid:
            user = env.tx.get("res.users", owner) or {}
            env.model("mail.mail").send(  # type: ignore[attr-defined]
                env, f"You have been assigned to {row.get('name')}", [user.get("partner_id", 0)]
            )

    def _give_to_partner(self, env: Env, row: Row, given: Row) -> None:
        """Write the lead's e-mail and phone into its partner, and through it into the partner's other leads."""
        partner = env.tx.get("res.partner", row["partner_id"]) if row.get("partner_id") else None
        if partner is None:
            return
        values: Row = {}
        for own, theirs in COUPLED.items():
            if own not in given:
                continue
            value = row.get(own)
            if not value and self.series >= 18:
                continue
            if not self._same(env, own, value, partner.get(theirs), partner):
                values[theirs] = value or False
        if values:
            env.model("res.partner").change(env, partner, values)

    def _same(self, env: Env, own: str, one: Any, two: Any, partner: Row) -> bool:
        if one == two:
            return True
        if own == "email_from":
            return bool(one) and bool(two) and normal_email(one) == normal_email(two) is not False
        country = partner.get("country_id")
        first, second = (normal_phone(env, number, country) for number in (one, two))
        return bool(first) and first == second

    def take_from_partner(self, env: Env, old: Row, partner: Row, changed: set[str]) -> None:
        """Carry a partner's new e-mail or phone, not an emptied one, into all its leads; their write_date moves."""
        for lead in env.tx.by(self.name, "partner_id", [partner["id"]]):
            values: Row = {}
            for own, theirs in COUPLED.items():
                if theirs not in changed:
                    continue
                value = partner.get(theirs)
                if value and not self._same(env, own, lead.get(own), value, partner):
                    values[own] = value
            if values:
                self.patch(env, lead, values)

    # -- called from outside ------------------------------------------------------------------------------

    @on_records
    def action_set_won(self, env: Env, ids: Any) -> bool:
        """Move to the won stage."""
        won = env.model("crm.stage").find(env, [["is_won", "=", True]], "sequence, id")
        for row in self.known(env, id_list(ids)):
            values: Row = {"probability": 100.0, "active": True}
            if won:
                values["stage_id"] = won[0]["id"]
            self.write(env, [row["id"]], values)
        return True

    @on_records
    def action_set_lost(self, env: Env, ids: Any, **values: Any) -> None:
        """Archive with probability 0. From 19 on a won lead is refused."""
        for row in self.known(env, id_list(ids)):
            stage = env.tx.get("crm.stage", row.get("stage_id", 0)) or {}
            if self.series >= 19 and stage.get("is_won"):
                raise ValidationError("A lead in a Won stage cannot be lost. Move it to another stage first.")
            self.write(env, self._in_state(env, [row["id"]], active=True), dict(LOST))
            if values:
                self.write(env, [row["id"]], values)

    @on_records
    def toggle_active(self, env: Env, ids: Any) -> bool:
        """Flip the archive state; an archived lead is lost, a restored one is scored again."""
        for row in self.known(env, id_list(ids)):
            if row.get("active"):
                self.write(env, [row["id"]], dict(LOST))
            else:
                self.write(env, [row["id"]], {"active": True, "lost_reason_id": False, **self._fresh(env, row)})
        return True

    def _fresh(self, env: Env, row: Row) -> Row:
        stage = env.tx.get("crm.stage", row.get("stage_id", 0))
        return {"probability": automatic(env, stage)} if stage else {}

    @on_records
    def action_archive(self, env: Env, ids: Any) -> bool:
        """Archive: for a lead this means lost."""
        return self.write(env, self._in_state(env, ids, active=True), dict(LOST))

    @on_records
    def action_unarchive(self, env: Env, ids: Any) -> bool:
        """Restore."""
        for row in self.known(env, self._in_state(env, ids, active=False)):
            self.write(env, [row["id"]], {"active": True, "lost_reason_id": False, **self._fresh(env, row)})
        return True

    @on_records
    def convert_opportunity(
        self, env: Env, ids: Any, partner: Any = None, user_ids: Any = False, team_id: Any = False
    ) -> bool:
        """Make opportunities of leads and take their partners away: over RPC a partner id is an int and fails."""
        if partner:
            raise BuiltinError("AttributeError", "'int' object has no attribute 'id'")
        for row in self.known(env, id_list(ids)):
            if row.get("active") and row.get("probability") != 100.0:
                values: Row = {"type": "opportunity", "date_conversion": env.tx.now[:19], "partner_id": False}
                self.write(env, [row["id"]], values)
        return True

    @on_records
    def merge_opportunity(
        self, env: Env, ids: Any, user_id: Any = False, team_id: Any = False, auto_unlink: bool = True
    ) -> Recordset:
        """Merge leads; Odoo picks the survivor."""
        from .merging import merge_leads

        survivor = merge_leads(env, self.known(env, id_list(ids)))
        return Recordset(self.name, (survivor["id"],))


def automatic(env: Env, stage: Row) -> float:
    """Return a probability for a stage: its place among the open ones. Real Odoo learns it from past leads."""
    if stage.get("is_won"):
        return 100.0
    open_stages = [row for row in env.model("crm.stage").find(env, [], "sequence, id") if not row.get("is_won")]
    place = next((at for at, row in enumerate(open_stages, 1) if row["id"] == stage["id"]), 1)
    return round(100.0 * place / (len(open_stages) + 1), 2)
