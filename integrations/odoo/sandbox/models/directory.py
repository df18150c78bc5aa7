"""The small models around: users, companies, places, tags, stages, campaigns, meetings and files."""

from __future__ import annotations

import secrets
import time
from typing import TYPE_CHECKING, Any

from ..errors import AccessDenied, AccessError, BuiltinError, UserError
from ..fields import Field, Row, char, many2one, selection
from .base import BaseModel
from .chatter import Chatter
from .rpc import id_list, on_model, on_records

if TYPE_CHECKING:
    from ..env import Env

ACTIVE = Field("active", "boolean", "Active")
NAME = char("name", "Name", required=True)
# The longest life of a key of an ordinary user.
KEY_DAYS = 90


def moment(days: int) -> str:
    """So many days from now, as Odoo writes it."""
    return time.strftime("%Y-%m-%d %H:%M:%S", time.gmtime(time.time() + days * 86_400))


SEQUENCE = Field("sequence", "integer", "Sequence")
COLOR = Field("color", "integer", "Color Index")


class User(BaseModel):
    """Users. ``x_sandbox_role`` is stored beside the fields and never answered."""

    name = "res.users"
    label = "User"
    columns = (
        NAME,
        char("login", "Login", required=True),
        char("email", "Email"),
        many2one("partner_id", "Related Partner", "res.partner"),
        many2one("company_id", "Company", "res.company"),
        Field("company_ids", "many2many", "Companies", relation="res.company"),
        selection("tz", "Timezone"),
        selection("lang", "Language", ("en_US", "English (US)")),
        Field("share", "boolean", "Share User", readonly=True),
        ACTIVE,
    )

    @on_model
    def context_get(self, env: Env) -> Row:
        """Return the user's own context."""
        return {"lang": "en_US", "tz": env.user.get("tz", False), "uid": env.uid}

    @on_model
    def has_group(self, env: Env, group_ext_id: str) -> bool:
        """Tell whether the user is in a group; the sandbox knows Settings and sales."""
        if group_ext_id in ("base.group_system", "base.group_erp_manager"):
            return env.is_admin
        return env.user.get("x_sandbox_role") != "low" or group_ext_id == "base.group_user"


class ApiKey(BaseModel):
    """API keys; everybody sees his own. The key itself is not among the fields."""

    name = "res.users.apikeys"
    label = "Users API Keys"
    columns = (
        NAME,
        many2one("user_id", "User", "res.users"),
        char("scope", "Scope", readonly=True),
        Field("expiration_date", "datetime", "Expiration Date", since=17),
    )

    def visible(self, env: Env) -> Any:
        return None if env.is_system else lambda row: row.get("user_id") == env.uid

    @on_model
    def generate(self, env: Env, key: str, scope: str | None, name: str, expiration_date: Any) -> str:
        """Make a key with a key, for the same user: 19 only, and only where it is switched on or for administrators."""
        self._programmatic(env)
        self._owned(env, key)
        end = str(expiration_date or "")[:19]
        if not end and not env.is_admin:
            raise UserError("The API key must have an expiration date")
        if end and not env.is_admin and end > moment(KEY_DAYS):
            raise UserError(f"You cannot exceed {KEY_DAYS}.0 days.")
        made = secrets.token_hex(20)
        row = self.insert(env, {"name": name, "user_id": env.uid, "scope": scope, "expiration_date": end or False})
        env.tx.put(self.name, {**row, "x_sandbox_key": made})
        return made

    @on_model
    def revoke(self, env: Env, key: str) -> bool:
        """Delete a key by itself."""
        self._programmatic(env)
        env.tx.delete(self.name, self._owned(env, key)["id"])
        return True

    def _programmatic(self, env: Env) -> None:
        if not env.is_admin and not env.engine.settings.programmatic_keys:
            raise UserError("Programmatic API keys are not enabled")

    def _owned(self, env: Env, key: str) -> Row:
        for row in env.tx.rows(self.name):
            if row.get("x_sandbox_key") == key and row.get("user_id") == env.uid:
                return row
        raise AccessDenied("The provided API key is invalid or does not belong to the current user.")


class Company(BaseModel):
    """Companies of the database."""

    name = "res.company"
    label = "Companies"

    order = "sequence, name"
    columns = (
        NAME,
        SEQUENCE,
        many2one("partner_id", "Partner", "res.partner"),
        many2one("currency_id", "Currency", "res.currency"),
        ACTIVE,
    )

    def visible(self, env: Env) -> Any:
        return None if env.is_admin else lambda row: row["id"] in env.user_companies


class Currency(BaseModel):
    """Currencies."""

    name = "res.currency"
    label = "Currency"
    columns = (NAME, char("symbol", "Symbol"), ACTIVE)


class Country(BaseModel):
    """Countries."""

    name = "res.country"
    label = "Country"
    order = "name, id"
    columns = (char("name", "Country Name", required=True), char("code", "Country Code"))


class State(BaseModel):
    """States and provinces."""

    name = "res.country.state"
    label = "Country state"
    order = "code, id"
    columns = (
        char("name", "State Name", required=True),
        char("code", "State Code"),
        many2one("country_id", "Country", "res.country", required=True),
    )


class Lang(BaseModel):
    """Languages."""

    name = "res.lang"
    label = "Languages"
    columns = (NAME, char("code", "Locale Code"), char("iso_code", "ISO code"), ACTIVE)


class Title(BaseModel):
    """Titles of persons; gone in 19."""

    name = "res.partner.title"
    label = "Partner Title"
    until = 18
    columns = (NAME, char("shortcut", "Abbreviation"))


class Industry(BaseModel):
    """Industries."""

    name = "res.partner.industry"
    label = "Industry"
    order = "name, id"
    columns = (NAME, char("full_name", "Full Name"), ACTIVE)


def dealt_colour(env: Env, model: BaseModel) -> int:
    """Odoo deals a colour to each new tag by chance; here the next id does, so that a test comes out twice the same."""
    return 1 + (7 * env.engine.database.table(model.name).last_id + len(model.name)) % 11


class PartnerTag(BaseModel):
    """Tags of contacts."""

    name = "res.partner.category"
    label = "Partner Tags"
    order = "name, id"
    columns = (NAME, COLOR, many2one("parent_id", "Category", "res.partner.category"), ACTIVE)

    def defaults(self, env: Env) -> Row:
        return {**super().defaults(env), "color": dealt_colour(env, self)}


class LeadTag(BaseModel):
    """Tags of leads."""

    name = "crm.tag"
    label = "CRM Tag"
    columns = (NAME, COLOR)

    def defaults(self, env: Env) -> Row:
        return {**super().defaults(env), "color": dealt_colour(env, self)}


class Stage(BaseModel):
    """Stages of the pipeline."""

    name = "crm.stage"
    label = "CRM Stages"
    order = "sequence, name, id"
    columns = (
        char("name", "Stage Name", required=True),
        SEQUENCE,
        Field("is_won", "boolean", "Is Won Stage?"),
        Field("fold", "boolean", "Folded in Pipeline"),
        Field("requirements", "text", "Requirements"),
        many2one("team_id", "Sales Team", "crm.team", until=18),
        Field("team_ids", "many2many", "Sales Teams", relation="crm.team", since=19),
    )


class LostReason(BaseModel):
    """Why opportunities are lost."""

    name = "crm.lost.reason"
    label = "Opp. Lost Reason"
    columns = (char("name", "Description", required=True), ACTIVE)


class Team(BaseModel):
    """Sales teams."""

    name = "crm.team"
    label = "Sales Team"
    order = "sequence, id"
    columns = (
        char("name", "Sales Team", required=True),
        SEQUENCE,
        ACTIVE,
        many2one("user_id", "Team Leader", "res.users"),
        many2one("company_id", "Company", "res.company"),
    )


class Source(BaseModel):
    """UTM sources."""

    name = "utm.source"
    label = "UTM Source"
    columns = (char("name", "Source Name", required=True),)


class Medium(BaseModel):
    """UTM media."""

    name = "utm.medium"
    label = "UTM Medium"
    order = "name, id"
    columns = (char("name", "Medium Name", required=True), ACTIVE)


class Campaign(BaseModel):
    """UTM campaigns."""

    name = "utm.campaign"
    label = "UTM Campaign"
    columns = (char("name", "Campaign Identifier", required=True), char("title", "Campaign Name"))


class Event(Chatter):
    """Meetings."""

    name = "calendar.event"
    label = "Calendar Event"
    order = "start desc, id desc"
    columns = (
        char("name", "Meeting Subject", required=True),
        Field("start", "datetime", "Start", required=True),
        Field("stop", "datetime", "Stop", required=True),
        Field("allday", "boolean", "All Day"),
        Field("start_date", "date", "Start Date"),
        Field("stop_date", "date", "End Date"),
        Field("duration", "float", "Duration"),
        Field("description", "html", "Description"),
        char("location", "Location"),
        char("videocall_location", "Meeting URL"),
        many2one("user_id", "Organizer", "res.users"),
        Field("partner_ids", "many2many", "Attendees", relation="res.partner"),
        many2one("opportunity_id", "Opportunity", "crm.lead"),
        char("res_model", "Document Model Name"),
        Field("res_id", "many2one_reference", "Document ID"),
        ACTIVE,
    )

    def defaults(self, env: Env) -> Row:
        return {**super().defaults(env), "user_id": env.uid, "partner_ids": [env.user.get("partner_id", 3)]}

    def prepare(self, env: Env, values: Row, *, old: Row | None) -> Row:
        if old is None and not values.get("partner_ids") and self.series <= 16:
            words = "Unknown error during import: <class 'TypeError'>: 'bool' object is not iterable"
            raise BuiltinError("TypeError", words)
        return values

    def after_create(self, env: Env, row: Row, given: Row) -> None:
        """Invite to what lies ahead, a quiet write or not, unless the context says otherwise."""
        if row["stop"] > env.tx.now and not env.context.get("no_mail_to_attendees"):
            people = env.tx.some("res.partner", row.get("partner_ids", []))
            invited = [one["id"] for one in people if one.get("email") and one["id"] != env.user.get("partner_id")]
            for partner_id in invited:
                env.model("mail.mail").send(env, f"Invitation to {row['name']}", [partner_id])  # type: ignore[attr-defined]


class Attachment(BaseModel):
    """Files on records."""

    name = "ir.attachment"
    label = "Attachment"
    order = "id desc"
    columns = (
        NAME,
        char("res_model", "Resource Model"),
        Field("res_id", "many2one_reference", "Resource ID"),
        selection("type", "Type", ("url", "URL"), ("binary", "File")),
        Field("datas", "binary", "File Content (base64)"),
        char("mimetype", "Mime Type"),
        char("url", "Url"),
        Field("description", "text", "Description"),
    )

    def defaults(self, env: Env) -> Row:
        return {"type": "binary"}

    def check_required(self, env: Env, row: Row) -> None:
        """Refuse a file on a record that is gone, from 19 on; 16 and 18 make an orphan."""
        super().check_required(env, row)
        if self.series >= 19 and row.get("res_id") and _is_orphan(env, row):
            raise AccessError("Sorry, you are not allowed to access this document.")

    @on_records
    def read(
        self, env: Env, ids: Any, fields: list[str] | None = None, load: str | None = "_classic_read"
    ) -> list[Row]:
        """Read files; an orphan is unreadable for everybody but administrators."""
        rows = env.tx.some(self.name, id_list(ids))
        if not env.is_admin and any(_is_orphan(env, row) for row in rows):
            raise AccessError("Sorry, you are not allowed to access this document.")
        return super().read(env, ids, fields, load)


def _is_orphan(env: Env, row: Row) -> bool:
    model = row.get("res_model")
    return model in env.engine.models and env.tx.get(model, row.get("res_id", 0)) is None


class PhoneBlacklist(BaseModel):
    """Numbers not to call."""

    name = "phone.blacklist"
    label = "Phone Blacklist"
    rec_name = "number"
    columns = (char("number", "Phone Number", required=True), ACTIVE)


class MailBlacklist(BaseModel):
    """Addresses not to write to."""

    name = "mail.blacklist"
    label = "Mail Blacklist"
    rec_name = "email"
    columns = (char("email", "Email Address", required=True), ACTIVE)
