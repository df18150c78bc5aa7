"""The columns of crm.lead."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any

from ..fields import Field, Row, char, many2one, selection
from .partner_fields import normal_email, normal_phone

if TYPE_CHECKING:
    from ..env import Env


def _prorated(_env: Env, row: Row) -> float:
    return round(float(row.get("expected_revenue", 0.0)) * float(row.get("probability", 0.0)) / 100.0, 2)


def _won_status(env: Env, row: Row) -> str:
    stage = env.tx.get("crm.stage", row.get("stage_id", 0)) or {}
    if row.get("active") and (stage.get("is_won") or row.get("probability") == 100.0):
        return "won"
    return "pending" if row.get("active") or row.get("probability") else "lost"


def _days(since: str) -> Any:
    def compute(_env: Env, row: Row) -> float:
        end = row.get(since)
        if not end:
            return 0.0
        return float(max(0, _ordinal(end) - _ordinal(row["create_date"])))

    return compute


def _ordinal(moment: str) -> int:
    return date.fromisoformat(moment[:10]).toordinal()


def _commercial(env: Env, row: Row) -> Any:
    partner = env.tx.get("res.partner", row["partner_id"]) if row.get("partner_id") else None
    return env.model("res.partner").commercial(env, partner)["id"] if partner else False  # type: ignore[attr-defined]


COLUMNS: tuple[Field, ...] = (
    many2one("campaign_id", "Campaign", "utm.campaign"),
    many2one("source_id", "Source", "utm.source"),
    many2one("medium_id", "Medium", "utm.medium"),
    char("name", "Opportunity", required=True),
    many2one("user_id", "Salesperson", "res.users", looked_up=True),
    many2one("team_id", "Sales Team", "crm.team", looked_up=True),
    many2one("company_id", "Company", "res.company"),
    char("referred", "Referred By"),
    Field("description", "html", "Notes"),
    Field("active", "boolean", "Active"),
    selection("type", "Type", ("lead", "Lead"), ("opportunity", "Opportunity"), required=True),
    selection("priority", "Priority", ("0", "Low"), ("1", "Medium"), ("2", "High"), ("3", "Very High")),
    many2one("stage_id", "Stage", "crm.stage", looked_up=True),
    Field("tag_ids", "many2many", "Tags", relation="crm.tag"),
    Field("color", "integer", "Color Index"),
    Field("expected_revenue", "monetary", "Expected Revenue"),
    Field("prorated_revenue", "monetary", "Prorated Revenue", readonly=True, compute=_prorated),
    Field("recurring_revenue", "monetary", "Recurring Revenues"),
    Field("date_closed", "datetime", "Closed Date", readonly=True),
    Field("date_open", "datetime", "Assignment Date", readonly=True),
    Field("date_last_stage_update", "datetime", "Last Stage Update", readonly=True),
    Field("day_open", "float", "Days to Assign", readonly=True, compute=_days("date_open")),
    Field("day_close", "float", "Days to Close", readonly=True, compute=_days("date_closed")),
    Field("date_conversion", "datetime", "Conversion Date", readonly=True),
    Field("date_deadline", "date", "Expected Closing"),
    many2one("partner_id", "Customer", "res.partner", looked_up=True, until=18),
    many2one("partner_id", "Contact", "res.partner", looked_up=True, since=19),
    many2one("commercial_partner_id", "Commercial Entity", "res.partner", readonly=True, compute=_commercial, since=19),
    char("contact_name", "Contact Name"),
    char("partner_name", "Company Name"),
    char("function", "Job Position"),
    many2one("title", "Title", "res.partner.title", until=18),
    char("email_from", "Email"),
    char("email_cc", "Email cc"),
    char(
        "email_normalized",
        "Normalized Email",
        readonly=True,
        compute=lambda _env, row: normal_email(row.get("email_from")),
    ),
    char("phone", "Phone"),
    char("mobile", "Mobile", until=18),
    char(
        "phone_sanitized",
        "Sanitized Number",
        readonly=True,
        compute=lambda env, row: normal_phone(env, row.get("phone"), row.get("country_id")),
    ),
    char("website", "Website"),
    many2one("lang_id", "Language", "res.lang"),
    char("street", "Street"),
    char("street2", "Street2"),
    char("zip", "Zip"),
    char("city", "City"),
    many2one("state_id", "State", "res.country.state"),
    many2one("country_id", "Country", "res.country"),
    Field("probability", "float", "Probability"),
    Field("automated_probability", "float", "Automated Probability", readonly=True),
    Field(
        "is_automated_probability",
        "boolean",
        "Is automated probability?",
        readonly=True,
        store=False,
        compute=lambda _env, row: row.get("probability", 0.0) == row.get("automated_probability", 0.0),
    ),
    many2one("lost_reason_id", "Lost Reason", "crm.lost.reason"),
    selection(
        "won_status",
        "Won/Lost",
        ("won", "Won"),
        ("lost", "Lost"),
        ("pending", "Pending"),
        readonly=True,
        compute=_won_status,
        since=19,
    ),
    Field("x_whitepaper_id", "integer", "Whitepaper ID"),
    Field("x_lead_score", "integer", "Lead Score"),
    char("x_download_source", "Download Source"),
    Field("x_consent_marketing", "boolean", "Marketing Consent", since=17, until=18),
    Field("x_consent_marketing", "boolean", "Consent Marketing", until=16),
    Field("x_consent_marketing", "boolean", "Consent Marketing", since=19),
    Field("x_briefing", "text", "Briefing"),
    Field("x_budget", "float", "Budget", digits=2),
    Field("x_contract_until", "date", "Contract until"),
    Field("x_demo_at", "datetime", "Demo at"),
)
