"""The connection doctor: what works between us and an Odoo, what does not, and what to do about it.

Every line is written for an Odoo administrator. Nothing is changed in Odoo, and nothing is raised: what goes wrong is a
line too. It costs about as many calls as there are rights and models to ask for, some 20 to 30.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Literal
from urllib.parse import urlsplit

from integrations.errors import (
    AuthRejected,
    ConfigError,
    FieldUnknown,
    IntegrationError,
    MethodUnknown,
    ModelUnknown,
    PermanentError,
    PlanRefused,
    RightMissing,
)
from integrations.odoo.setup import doctor_words as words
from integrations.odoo.setup.keys import WARNING, coming_ends, key_rows
from integrations.odoo.wire.client import OdooClient, OdooTarget, base_url
from integrations.odoo.wire.schema import Schema

TESTED_SERIES = range(16, 20)
SUPPORTED_SERIES = range(15, 21)
CLOCK_WARNING = timedelta(minutes=2)
# Odoo's group that opens the leads of colleagues; without it they look as if they were deleted.
ALL_LEADS = "sales_team.group_sale_salesman_all_leads"


@dataclass(frozen=True, slots=True)
class Finding:
    """One line: `level` "ok", "warn" or "fail"; `remedy` is "" when there is nothing to do."""

    level: Literal["ok", "warn", "fail"]
    title: str
    sentence: str
    remedy: str = ""


class _Stop(Exception):
    """No further check can tell anything."""


Wanted = Mapping[str, Sequence[str]]


def diagnose(
    client: OdooClient | OdooTarget,
    *,
    wanted: Wanted,
    rights: Wanted,
    public_url: str = "",
    company_id: int | None = None,
    language: str = "en_US",
    now: Callable[[], datetime] = lambda: datetime.now(UTC),
) -> list[Finding]:
    """Examine a connection from the outside in; the first wall ends it.

    `wanted`: fields that we map, by model; `rights`: "read", "write", "create" and "unlink" that we need, by model;
    `public_url`: the address that people's browsers use, "" when it is the same; `company_id` and `language`: those of
    the connection. Raises nothing of Odoo's.
    """
    own = isinstance(client, OdooTarget)
    try:
        patient = OdooClient(client) if isinstance(client, OdooTarget) else client
    except ConfigError as error:
        return [Finding("fail", "Address", error.message, words.CHECK_ADDRESS)]
    doctor = _Doctor(patient, wanted, rights, public_url, now)
    doctor.company_id, doctor.lang = company_id, language
    try:
        return doctor.examine()
    finally:
        if own:
            patient.close()


class _Doctor:
    def __init__(
        self, client: OdooClient, wanted: Wanted, rights: Wanted, public_url: str, now: Callable[[], datetime]
    ) -> None:
        self.client = client
        self.wanted = wanted
        self.rights = rights
        self.public_url = public_url
        self.now = now
        self.company_id: int | None = None
        self.lang = "en_US"
        self.findings: list[Finding] = []

    def examine(self) -> list[Finding]:
        checks: list[tuple[str, Callable[[], Iterator[Finding]]]] = [
            ("Address", self.address),
            ("Version", self.version),
            ("User and key", self.user),
            ("Language", self.language),
            ("Company and time zone", self.company),
            ("CRM app", self.app),
            ("Rights", self.all_rights),
            ("Leads of colleagues", self.all_leads),
            ("Fields", self.fields),
            ("End of the key", self.key),
            ("Clock", self.clock),
            ("Public address", self.public_address),
        ]
        for title, check in checks:
            try:
                for finding in check():
                    self.findings.append(finding)
            except _Stop:
                break
            except IntegrationError as error:
                self.findings.append(explain(title, error))
                if isinstance(error, (AuthRejected, ConfigError)) or not isinstance(error, PermanentError):
                    break
        return self.findings

    # --- outside ---

    def address(self) -> Iterator[Finding]:
        url = base_url(self.client.target.url)
        yield self._security(url)
        self.client.version()
        yield Finding("ok", "Address", f"An Odoo answers at {url}.")

    def _security(self, url: str) -> Finding:
        if url.startswith("https://"):
            return Finding("ok", "Encryption", "The connection is encrypted and the certificate is checked.")
        return Finding(
            "warn",
            "Encryption",
            "The connection is not encrypted. That is fine on one machine or inside a closed network only.",
            "Give Odoo a certificate and use an address that begins with https://.",
        )

    def version(self) -> Iterator[Finding]:
        version = self.client.version()
        said = f"The server runs Odoo {version.text}"
        if version.series not in SUPPORTED_SERIES:
            yield Finding("fail", "Version", f"{said}, which is not supported.", "Odoo 16, 18 or 19 is best.")
            raise _Stop
        if version.series not in TESTED_SERIES or version.saas:
            yield Finding("warn", "Version", f"{said}. It should work, but was not tested.", words.REPORT)
        else:
            yield Finding("ok", "Version", f"{said}, which is supported.")
        name = self.client.transport.name
        if name != "json2" and version.series >= 19:
            yield Finding(
                "warn",
                "Transport",
                f"{words.TRANSPORTS[name]} is used. Odoo 19 still has it and Odoo 22 will not.",
                "Set the transport to automatic or JSON-2; the user then needs an API key.",
            )
        else:
            yield Finding("ok", "Transport", f"{words.TRANSPORTS[name]} is used.")

    def user(self) -> Iterator[Finding]:
        target = self.client.target
        try:
            uid = self.client.uid
            # A user id kept from before proves nothing: ask something as this user.
            rows = self.client.read("res.users", [uid], ["login"])
        except AuthRejected as error:
            yield explain("User and key", error)
            raise _Stop from None
        login = rows[0].get("login") if rows else None
        if login and login != target.username:
            sentence = f"The key belongs to {login}, not to {target.username}."
            yield Finding("warn", "User and key", sentence, "Correct the user name of this connection.")
        else:
            yield Finding("ok", "User and key", f"Odoo accepts {target.username} in database {target.database}.")

    # --- the user ---

    def language(self) -> Iterator[Finding]:
        """English always is there; Odoo refuses every call in a language that is not."""
        if self.lang == "en_US":
            return
        try:
            known = self.client.search("res.lang", [["code", "=", self.lang]], limit=1, context={"lang": "en_US"})
        except PermanentError as error:
            yield explain("Language", error)
            return
        if known:
            yield Finding("ok", "Language", f"Names are exchanged in {self.lang}.")
        else:
            sentence = f"The language {self.lang} is not active in this Odoo, which refuses every call in it."
            yield Finding("fail", "Language", sentence, words.CHOOSE_LANGUAGE)
            raise _Stop

    def company(self) -> Iterator[Finding]:
        uid = self.client.uid
        rows = self.client.read("res.users", [uid], ["company_id", "company_ids", "tz"])
        user = rows[0] if rows else {}
        ids = [number for number in user.get("company_ids") or [] if isinstance(number, int)]
        companies = self.client.read("res.company", ids, ["name"])
        names = {row["id"]: str(row.get("name")) for row in companies}
        if self.company_id and self.company_id not in ids:
            sentence = "The user may no longer work for the company of this connection; its records look deleted."
            yield Finding("fail", "Company", sentence, words.CHOOSE_COMPANY)
            return
        main = names.get(_id(user.get("company_id")), "no company")
        if len(ids) > 1:
            others = ", ".join(name for number, name in names.items() if number != _id(user.get("company_id")))
            ours = names.get(self.company_id or 0, main)
            sentence = f"The user works for {main} and may also see {others}. New records belong to {ours}."
        else:
            sentence = f"The user works for {main}."
        yield Finding("ok", "Company", sentence)
        zone = user.get("tz") or "no zone of its own"
        yield Finding("ok", "Time zone", f"The user's time zone is {zone}; times are exchanged in UTC all the same.")

    def app(self) -> Iterator[Finding]:
        try:
            rows = self.client.search_read("ir.module.module", [["name", "=", "crm"]], ["state"], limit=1)
            installed = bool(rows) and rows[0].get("state") in ("installed", "to upgrade")
        except RightMissing:
            installed = self._has_leads()
        if not installed:
            yield Finding(
                "fail", "CRM app", "The CRM app is not installed in this Odoo.", "In Odoo: Apps, search “CRM”, Install."
            )
            raise _Stop
        yield Finding("ok", "CRM app", "The CRM app is installed.")

    def _has_leads(self) -> bool:
        try:
            return bool(self.client.fields_get("crm.lead", ["name"]))
        except ModelUnknown:
            return False

    def all_rights(self) -> Iterator[Finding]:
        granted = 0
        for model, operations in self.rights.items():
            lacking = []
            try:
                for operation in operations:
                    if self.client.check_access(model, operation):
                        granted += 1
                    else:
                        lacking.append(operation)
            except ModelUnknown:
                app = words.APPS.get(model, "its app")
                yield Finding(
                    "fail",
                    "Rights",
                    f"This Odoo has no {words.noun(model)} ({model}).",
                    f"In Odoo: Apps, install {app}.",
                )
                continue
            if lacking:
                yield self._lacking(model, lacking)
        if granted:
            yield Finding("ok", "Rights", f"{granted} of the rights that are needed are granted.")

    def _lacking(self, model: str, lacking: list[str]) -> Finding:
        verbs = words.listed([words.VERBS[operation] for operation in lacking])
        right = words.right_for(model, lacking)
        return Finding(
            "fail",
            "Rights",
            f"The user may not {verbs} {words.noun(model)} ({model}): the right “{right}” is missing.",
            f"In Odoo: Settings, Users, {self.client.target.username}: grant “{right}”.",
        )

    def all_leads(self) -> Iterator[Finding]:
        """A user who sees only his own leads makes those of others look deleted."""
        if "crm.lead" not in self.rights:
            return
        sees_all = self._in_group(ALL_LEADS)
        if sees_all is False:
            yield Finding(
                "fail",
                "Leads of colleagues",
                "The user sees only his own leads; those of others would look as if they were deleted.",
                f"In Odoo: Settings, Users, {self.client.target.username}: grant “{words.ALL_DOCUMENTS}”.",
            )
        elif sees_all is True:
            yield Finding("ok", "Leads of colleagues", "The user sees the leads of all salespeople.")

    def _in_group(self, group: str) -> bool | None:
        """None when this Odoo does not tell: the question changed its form with 18 and is not open to everyone."""
        forms: list[list[Any]] = [[[self.client.uid], group], [group]]
        if self.client.version().series < 18:
            forms.reverse()
        for form in forms:
            try:
                answer = self.client.call("res.users", "has_group", form)
            except PermanentError:
                continue
            return answer if isinstance(answer, bool) else None
        return None

    # --- the data ---

    def fields(self) -> Iterator[Finding]:
        schema = Schema()
        present = 0
        for model, names in self.wanted.items():
            try:
                view = schema.fields_for(self.client, model, names)
            except ModelUnknown:
                app = words.APPS.get(model, "its app")
                sentence = f"This Odoo has no {words.noun(model)} ({model}); they stay in Tandem."
                yield Finding("warn", "Fields", sentence, f"Install {app} in Odoo if you want them there.")
                continue
            except (RightMissing, FieldUnknown) as error:
                yield explain("Fields", error)
                continue
            present += len(view.present)
            if view.missing:
                yield Finding(
                    "warn",
                    "Fields",
                    f"Odoo's {words.noun(model)} ({model}) have no {words.listed(view.missing)}; "
                    "what Tandem keeps there stays in Tandem.",
                    "Nothing to do if this Odoo never had them; else add them in Odoo Studio.",
                )
        yield Finding("ok", "Fields", f"{present} mapped fields exist in this Odoo.")

    def key(self) -> Iterator[Finding]:
        title = "End of the key"
        try:
            rows = key_rows(self.client)
        except (RightMissing, FieldUnknown, ModelUnknown, MethodUnknown):
            yield Finding("warn", title, "Odoo does not tell when the key ends.", words.LOOK_AT_KEYS)
            return
        if rows is None:
            yield Finding("ok", title, "API keys of this Odoo do not end.")
            return
        if not rows:
            yield Finding("warn", title, "The user has no API key, so a password is used.", words.MAKE_KEY)
            return
        coming = coming_ends(rows, self.now())
        if not coming:
            yield Finding("ok", title, "The key has no end.")
            return
        left = coming[0] - self.now()
        which = "The key ends" if len(rows) == 1 else "One of the user's keys ends"
        sentence = f"{which} on {coming[0]:%Y-%m-%d}, in {left.days} days."
        if left < WARNING:
            yield Finding("warn", title, sentence, words.RENEW_KEY)
        else:
            yield Finding("ok", title, sentence)

    def clock(self) -> Iterator[Finding]:
        offset = self.client.clock_offset
        if offset is None:
            return
        seconds = round(abs(offset.total_seconds()))
        if abs(offset) > CLOCK_WARNING:
            direction = "ahead of" if offset > timedelta(0) else "behind"
            sentence = f"Odoo's clock is {seconds} seconds {direction} ours; the newest change may be judged wrongly."
            yield Finding("warn", "Clock", sentence, "Let both machines set their clocks by the network (NTP).")
        else:
            yield Finding("ok", "Clock", "Odoo's clock and ours agree.")

    def public_address(self) -> Iterator[Finding]:
        title = "Public address"
        internal = _is_internal(base_url(self.client.target.url))
        if not self.public_url:
            if internal:
                sentence = "Odoo is called at an internal address, and links to its records would lead there too."
                yield Finding("warn", title, sentence, "Set ODOO_PUBLIC_URL to the address that people use.")
            else:
                yield Finding("ok", title, "Links to Odoo use the address of the connection.")
            return
        url = base_url(self.public_url)
        if not url.startswith(("https://", "http://")):
            yield Finding("fail", title, f"{url} is not a web address.", "Set ODOO_PUBLIC_URL to an https:// address.")
        else:
            yield Finding("ok", title, f"Links to Odoo lead to {url}.")


def explain(title: str, error: IntegrationError) -> Finding:
    """An error as a line: its sentence and what to do, never the other system's own words."""
    if isinstance(error, PlanRefused):
        return Finding("fail", "Plan", error.message, words.CHANGE_PLAN)
    if isinstance(error, AuthRejected):
        return Finding("fail", title, error.message, words.RENEW_KEY)
    if isinstance(error, ConfigError):
        return Finding("fail", title, error.message, words.CHECK_ADDRESS)
    if isinstance(error, RightMissing):
        return Finding("fail", title, error.message, words.GRANT)
    if isinstance(error, PermanentError):
        return Finding("warn", title, f"This could not be checked. {error.message}", words.REPORT)
    return Finding("fail", title, error.message, "Try again in a few minutes; then ask who runs the server.")


def _id(value: Any) -> int:
    """The id of a many2one, bare or with its name; 0 when empty."""
    if isinstance(value, (list, tuple)) and value:
        value = value[0]
    return value if isinstance(value, int) else 0


def _is_internal(url: str) -> bool:
    host = urlsplit(url).hostname or ""
    try:
        return not ipaddress.ip_address(host).is_global
    except ValueError:
        return "." not in host or host.endswith((".local", ".internal", ".lan", ".home.arpa"))
