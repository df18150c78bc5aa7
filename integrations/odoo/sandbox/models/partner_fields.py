"""The columns of res.partner, and how its values are normalised."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from ..errors import AccessError
from ..fields import Field, Row, char, many2one, selection

if TYPE_CHECKING:
    from ..env import Env

ADDRESS = frozenset({"street", "street2", "zip", "city", "state_id", "country_id"})
COMMERCIAL = frozenset({"vat", "industry_id", "company_registry"})
COLD_CALL = (
    ("no_answer_no_voicemail", "No Answer - No Voicemail"),
    ("no_answer_voicemail", "No Answer - Voicemail Left"),
    ("connected_not_interested", "Connected - Not Interested"),
    ("connected_interested", "Connected - Interested"),
    ("callback_requested", "Callback Requested"),
    ("gatekeeper_block", "Gatekeeper Block"),
    ("meeting_booked", "Meeting Booked"),
    ("dead_dnc", "Dead / Do Not Call"),
)
_CALLING = {"DE": "49", "AT": "43", "CH": "41", "FR": "33", "GB": "44", "US": "1", "NL": "31", "BE": "32"}
_EMAIL = re.compile(r"[^\s<>,;\"']+@[^\s<>,;\"']+\.[^\s<>,;\"']+")


def with_scheme(website: str) -> str:
    """Return a web address with a scheme; one that has any is kept as it is."""
    if website.startswith("//"):
        return f"http:{website}"
    return website if re.match(r"^[a-zA-Z][a-zA-Z0-9+.-]*://", website) else f"http://{website}"


def normal_email(value: Any) -> str | bool:
    """Return the single address in a text in lower case, else False."""
    found = _EMAIL.findall(str(value or ""))
    return found[0].lower() if len(found) == 1 else False


def normal_phone(env: Env, value: Any, country_id: int | None) -> str | bool:
    """Return an E.164 number where it can be told; 19 without the phone library gives the raw text."""
    if not value:
        return False
    if env.series >= 19:
        return str(value)
    digits = re.sub(r"\D", "", str(value))
    if str(value).strip().startswith("+"):
        return f"+{digits}" if len(digits) > 6 else False
    if digits.startswith("00"):
        return f"+{digits[2:]}"
    country = env.tx.get("res.country", country_id) if country_id else None
    prefix = _CALLING.get((country or {}).get("code", ""))
    return f"+{prefix}{digits.lstrip('0')}" if prefix and len(digits) > 4 else False


def _calls(env: Env, _row: Row) -> list[int]:
    if env.is_admin:
        return []
    raise AccessError(
        "You are not allowed to access 'Mail RTC session' (discuss.channel.rtc.session) records.\n\n"
        "This operation is allowed for the following groups:\n\t- Role / Administrator\n\n"
        "Contact your administrator to request access if necessary."
    )


def _email_normalized(_env: Env, row: Row) -> Any:
    return normal_email(row.get("email"))


def _phone_sanitized(env: Env, row: Row) -> Any:
    return normal_phone(env, row.get("phone") or row.get("mobile"), row.get("country_id"))


def _blacklisted(model: str, name: str, value: Any) -> Any:
    def compute(env: Env, row: Row) -> bool:
        wanted = value(env, row)
        return bool(wanted) and any(one.get(name) == wanted and one.get("active") for one in env.tx.rows(model))

    return compute


def _commercial(env: Env, row: Row) -> Any:
    top = env.model("res.partner").commercial(env, row)  # type: ignore[attr-defined]
    return top["id"]


def _children(env: Env, row: Row) -> list[int]:
    return [one["id"] for one in env.tx.by("res.partner", "parent_id", [row["id"]]) if one.get("active")]


def _users(env: Env, row: Row) -> list[int]:
    return [one["id"] for one in env.tx.rows("res.users") if one.get("partner_id") == row["id"]]


def _company_name(env: Env, row: Row) -> Any:
    """The name of the company that a partner is or stands under, else what was typed in its place."""
    entity = env.tx.get("res.partner", _commercial(env, row)) or row
    return (entity.get("name") if entity.get("is_company") else row.get("company_name")) or False


def _colleagues(env: Env, row: Row) -> list[Row]:
    """The partner's users but customers with portal access, the visitor and the patterns for new users."""
    users = [one for one in env.tx.rows("res.users") if one.get("partner_id") == row["id"]]
    return [one for one in users if not one.get("share") and one.get("x_sandbox_role") != "pattern"]


COLUMNS: tuple[Field, ...] = (
    char("name", "Name"),
    char(
        "complete_name",
        "Complete Name",
        readonly=True,
        compute=lambda env, row: env.model("res.partner").display(env, row),
    ),
    many2one("parent_id", "Related Company", "res.partner"),
    Field("child_ids", "one2many", "Contact", relation="res.partner", compute=_children, store=False),
    char("ref", "Reference"),
    selection("lang", "Language", ("en_US", "English (US)")),
    selection("tz", "Timezone"),
    many2one("user_id", "Salesperson", "res.users"),
    char("vat", "Tax ID"),
    char("company_registry", "Company ID"),
    char("website", "Website Link"),
    Field("comment", "html", "Notes"),
    Field("category_id", "many2many", "Tags", relation="res.partner.category"),
    Field("active", "boolean", "Active"),
    char("function", "Job Position"),
    many2one("title", "Title", "res.partner.title", until=18),
    selection(
        "type",
        "Address Type",
        ("contact", "Contact"),
        ("invoice", "Invoice Address"),
        ("delivery", "Delivery Address"),
        ("other", "Other Address"),
    ),
    char("street", "Street"),
    char("street2", "Street2"),
    char("zip", "Zip"),
    char("city", "City"),
    many2one("state_id", "State", "res.country.state"),
    many2one("country_id", "Country", "res.country"),
    Field("partner_latitude", "float", "Geo Latitude", digits=7),
    Field("partner_longitude", "float", "Geo Longitude", digits=7),
    char("email", "Email"),
    char("email_normalized", "Normalized Email", readonly=True, compute=_email_normalized),
    char("phone", "Phone"),
    char("mobile", "Mobile", until=18),
    char("phone_sanitized", "Sanitized Number", readonly=True, compute=_phone_sanitized),
    Field("is_company", "boolean", "Is a Company"),
    Field(
        "is_blacklisted",
        "boolean",
        "Blacklist",
        readonly=True,
        store=False,
        compute=_blacklisted("mail.blacklist", "email", _email_normalized),
    ),
    Field(
        "phone_sanitized_blacklisted",
        "boolean",
        "Phone Blacklisted",
        readonly=True,
        store=False,
        compute=_blacklisted("phone.blacklist", "number", _phone_sanitized),
    ),
    many2one("industry_id", "Industry", "res.partner.industry"),
    many2one("company_id", "Company", "res.company"),
    Field("color", "integer", "Color Index"),
    Field("user_ids", "one2many", "Users", relation="res.users", readonly=True, store=False, compute=_users),
    Field(
        "partner_share",
        "boolean",
        "Share Partner",
        readonly=True,
        compute=lambda env, row: not _colleagues(env, row),
    ),
    many2one("commercial_partner_id", "Commercial Entity", "res.partner", readonly=True, compute=_commercial),
    char(
        "commercial_company_name",
        "Company Name Entity",
        readonly=True,
        compute=_company_name,
    ),
    char("company_name", "Company Name"),
    char("barcode", "Barcode"),
    Field("employee", "boolean", "Employee"),
    # In 19 everybody sees this field described and only administrators may read it: a read of all fields fails.
    Field(
        "rtc_session_ids",
        "one2many",
        "RTC Session",
        relation="discuss.channel.rtc.session",
        readonly=True,
        store=False,
        compute=_calls,
        since=19,
    ),
    selection("x_cold_call_status", "Cold Call Status", *COLD_CALL),
    char("x_customer_number", "Customer Number"),
    Field("x_key_account", "boolean", "Key Account"),
)
