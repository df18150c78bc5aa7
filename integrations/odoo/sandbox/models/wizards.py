"""Odoo's dialogs as a client drives them: convert a lead, merge leads, merge partners."""

from __future__ import annotations

from email.utils import parseaddr
from typing import TYPE_CHECKING, Any

from ..errors import UserError
from ..fields import Field, Row, char, many2one, selection
from .base import BaseModel
from .lead import ADDRESS
from .merging import merge_leads, merge_partners
from .rpc import id_list, on_records

if TYPE_CHECKING:
    from ..env import Env

# What a lead hands to the person and the company that are made of it, beside name, e-mail and description.
KEPT = ("user_id", "phone", "mobile", "website", "function", *ADDRESS)


class ConvertLead(BaseModel):
    """Lead to opportunity, with or without a partner."""

    name = "crm.lead2opportunity.partner"
    label = "Convert Lead to Opportunity (not in mass)"
    columns = (
        selection("name", "Conversion Action", ("convert", "Convert to opportunity"), ("merge", "Merge")),
        selection(
            "action",
            "Related Customer",
            ("create", "Create a new customer"),
            ("exist", "Link to an existing customer"),
            ("nothing", "Do not link to a customer"),
        ),
        many2one("lead_id", "Associated Lead", "crm.lead"),
        many2one("partner_id", "Customer", "res.partner"),
        many2one("user_id", "Salesperson", "res.users"),
        many2one("team_id", "Sales Team", "crm.team"),
    )

    def defaults(self, env: Env) -> Row:
        return {"name": "convert", "action": "nothing", "lead_id": env.context.get("active_id")}

    def prepare(self, env: Env, values: Row, *, old: Row | None) -> Row:
        if (env.tx.get("crm.lead", values.get("lead_id") or 0) or {}).get("probability") == 100.0:
            raise UserError("Closed/Dead leads cannot be converted into opportunities.")
        return values

    @on_records
    def action_apply(self, env: Env, ids: Any) -> dict[str, Any]:
        """Convert; a second time makes no second partner, and an archived lead stays what it is."""
        last = 0
        for wizard in self.known(env, id_list(ids)):
            leads = env.model("crm.lead")
            lead = leads.known(env, [wizard.get("lead_id", 0)])[0]
            last = lead["id"]
            if not lead.get("active"):
                leads.touch(env, lead)
                continue
            values: Row = {"type": "opportunity", "date_conversion": env.tx.now[:19]}
            if partner := self._partner(env, wizard, lead):
                values["partner_id"] = partner
            leads.write(env, [lead["id"]], values)
        return {
            "name": "Lead or Opportunity",
            "view_mode": "form",
            "res_model": "crm.lead",
            "domain": [["type", "=", "opportunity"]],
            "res_id": last,
            "view_id": False,
            "type": "ir.actions.act_window",
            "context": {"default_type": "opportunity"},
        }

    def _partner(self, env: Env, wizard: Row, lead: Row) -> int | None:
        """Return the partner to write: the lead's own is written again and overwrites its contact once more."""
        if wizard.get("action") not in ("create", "exist"):
            return None
        found: int | None = wizard.get("partner_id") or lead.get("partner_id")
        if not found and wizard["action"] == "create":
            return self._make_partner(env, lead)
        return found

    def _make_partner(self, env: Env, lead: Row) -> int:
        """Make the person, and his company from ``partner_name``; neither gets an external id."""
        partners = env.model("res.partner")
        name, address = parseaddr(lead.get("email_from") or "")
        shared = {name: lead[name] for name in KEPT if lead.get(name) and name in partners.fields}
        shared |= {"email": address or lead.get("email_from"), "comment": lead.get("description")}
        company = None
        if lead.get("partner_name"):
            company = partners.insert(env, {**shared, "name": lead["partner_name"], "is_company": True})["id"]
        if not lead.get("contact_name") and company:
            return int(company)
        person = {**shared, "name": lead.get("contact_name") or name or lead["name"]}
        return int(partners.insert(env, {**person, "parent_id": company or False})["id"])


class MergeLeads(BaseModel):
    """Merge of opportunities."""

    name = "crm.merge.opportunity"
    label = "Merge Opportunities"
    columns = (
        Field("opportunity_ids", "many2many", "Leads/Opportunities", relation="crm.lead"),
        many2one("user_id", "Salesperson", "res.users"),
        many2one("team_id", "Sales Team", "crm.team"),
    )

    @on_records
    def action_merge(self, env: Env, ids: Any) -> dict[str, Any]:
        """Merge the chosen leads."""
        wizard = self.known(env, id_list(ids))[0]
        chosen = env.model("crm.lead").known(env, wizard.get("opportunity_ids", []))
        survivor = merge_leads(env, chosen)
        return {"type": "ir.actions.act_window", "res_model": "crm.lead", "res_id": survivor["id"], "view_mode": "form"}


class MergePartners(BaseModel):
    """Merge of contacts."""

    name = "base.partner.merge.automatic.wizard"
    label = "Merge Partner Wizard"
    columns = (
        Field("partner_ids", "many2many", "Contacts", relation="res.partner"),
        many2one("dst_partner_id", "Destination Contact", "res.partner"),
        selection("state", "State", ("option", "Option"), ("selection", "Selection"), ("finished", "Finished")),
    )

    def defaults(self, env: Env) -> Row:
        return {"state": "option"}

    @on_records
    def action_merge(self, env: Env, ids: Any) -> dict[str, Any]:
        """Merge; without a destination the oldest survives."""
        wizard = self.known(env, id_list(ids))[0]
        chosen = env.model("res.partner").known(env, wizard.get("partner_ids", []))
        if len(chosen) < 2:
            raise UserError("There are no more contacts to merge for this request.")
        into = wizard.get("dst_partner_id") or min(row["id"] for row in chosen)
        merge_partners(env, chosen, into)
        self.patch(env, wizard, {"state": "finished"})
        return {"type": "ir.actions.act_window", "res_model": self.name, "res_id": wizard["id"], "view_mode": "form"}


class Compose(BaseModel):
    """The mail composer; in mass mode it mails every record of the context."""

    name = "mail.compose.message"
    label = "Email composition wizard"
    rec_name = "subject"
    columns = (
        selection("composition_mode", "Composition mode", ("comment", "Post"), ("mass_mail", "Mass Mailing")),
        char("model", "Related Document Model"),
        Field("res_ids", "text", "Related Document IDs", since=17),
        Field("res_id", "integer", "Related Document ID", until=16),
        many2one("template_id", "Use template", "mail.template"),
        char("subject", "Subject"),
        Field("body", "html", "Contents"),
    )

    @on_records
    def action_send_mail(self, env: Env, ids: Any) -> dict[str, Any]:
        """Mail each record of ``active_ids``."""
        for wizard in self.known(env, id_list(ids)):
            for record_id in env.context.get("active_ids", []):
                recipient = record_id if wizard.get("model") == "res.partner" else 0
                env.model("mail.mail").send(env, str(wizard.get("subject", "")), [recipient])  # type: ignore[attr-defined]
        return {"type": "ir.actions.act_window_close"}
