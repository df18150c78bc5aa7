"""What every new sandbox holds: users with keys, a company, places, stages, tags and external ids."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .fields import Row
from .places import countries, states
from .transaction import Transaction

if TYPE_CHECKING:
    from .engine import Engine

INTEGRATION_LOGIN = "integration@example.com"
PASSWORDS = {"admin": "admin", INTEGRATION_LOGIN: "integration", "lowrights": "lowrights"}
API_KEYS = {
    "admin": "sandbox-admin-key",
    INTEGRATION_LOGIN: "sandbox-integration-key",
    "lowrights": "sandbox-lowrights-key",
}
SALESPEOPLE = (
    ("Mira Castell", "mira@example.com"),
    ("Jonas Ehrlich", "jonas@example.com"),
    ("Priya Raman", "priya@example.com"),
)
ROOT = 1


class Installer:
    """Writes rows straight into one transaction, with chosen ids and external ids."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self.tx = Transaction(engine.database)

    def add(self, model: str, xid: str = "", /, **values: Any) -> int:
        """Add a row, with the id given in ``id`` or the next one. Empty values are left out."""
        table = self.engine.database.table(model)
        record_id = int(values.pop("id", 0)) or table.last_id + 1
        table.last_id = max(table.last_id, record_id)
        row: Row = {name: value for name, value in values.items() if value not in (None, False, "", [])}
        stamps = {"create_uid": ROOT, "write_uid": ROOT, "create_date": self.tx.now, "write_date": self.tx.now}
        self.tx.put(model, {**stamps, **row, "id": record_id})
        if xid:
            module, _, name = xid.partition(".")
            self.add("ir.model.data", module=module, name=name, complete_name=xid, model=model, res_id=record_id)
        return record_id

    def many(self, model: str, names: list[str], /, **values: Any) -> None:
        """Add rows that differ only by name."""
        for name in names:
            self.add(model, name=name, **values)


def install(engine: Engine) -> None:
    """Fill an empty sandbox."""
    made = Installer(engine)
    _models(made)
    _places(made)
    _people(made)
    _sales(made)
    _mail(made)
    modules = ("base", "mail", "calendar", "contacts", "utm", "phone_validation", "sales_team", "crm")
    for name in modules:
        version = f"{engine.series}.0.1.8" if name == "crm" else f"{engine.series}.0.1.0"
        made.add("ir.module.module", name=name, shortdesc=name.upper(), state="installed", latest_version=version)
    engine.database.commit(made.tx)


def _models(made: Installer) -> None:
    for name, model in sorted(made.engine.models.items()):
        module = "crm" if name.startswith("crm.") else "mail" if name.startswith("mail.") else "base"
        xid = f"{module}.model_{name.replace('.', '_')}"
        entry = made.add("ir.model", xid, name=model.label, model=name)
        if name in ("res.partner", "crm.lead"):
            for own in model.fields.values():
                made.add("ir.model.fields", name=own.name, model=name, model_id=entry)


def _places(made: Installer) -> None:
    ids = {}
    for record_id, code, name in countries():
        ids[code] = made.add("res.country", f"base.{code.lower()}", id=record_id, code=code, name=name)
    for country, code, name in states():
        made.add(
            "res.country.state", f"base.state_{country.lower()}_{code.lower()}",
            code=code, name=name, country_id=ids[country],
        )  # fmt: skip
    made.add("res.lang", "base.lang_en", name="English (US)", code="en_US", iso_code="en", active=True)
    made.add("res.currency", "base.EUR", name="EUR", symbol="€", active=True)
    for name in ("Agriculture", "Construction", "Education", "Health", "IT/Communication", "Manufacturing", "Trade"):
        made.add("res.partner.industry", name=name, active=True)
    titles = "res.partner.title" in made.engine.models
    for name, short in (
        (("Doctor", "Dr."), ("Madam", "Mrs."), ("Mister", "Mr."), ("Professor", "Prof.")) if titles else ()
    ):
        made.add("res.partner.title", name=name, shortcut=short)


def _people(made: Installer) -> None:
    main = made.add(
        "res.partner", "base.main_partner", name="Sandbox Example Company", is_company=True, type="contact",
        active=True, street="1 Example Street", city="Berlin", zip="10115", country_id=57,
        email="info@sandbox.example.com", website="https://sandbox.example.com",
    )  # fmt: skip
    company = made.add(
        "res.company", "base.main_company", name="Sandbox Example Company", partner_id=main, currency_id=1, active=True
    )
    first = 5 if made.engine.series >= 19 else 6
    people: list[tuple[int, str, str, str, str]] = [
        (1, "OdooBot", "__system__", "admin", ""),
        (2, "Administrator", "admin", "admin", "Europe/Berlin"),
        (first, "Integration Bot", INTEGRATION_LOGIN, "integration", "Europe/Berlin"),
        (first + 1, "Low Rights", "lowrights", "low", "Europe/Berlin"),
    ]
    _stand_ins(made, company)
    people += [(first + 2 + at, name, login, "sales", "Europe/Berlin") for at, (name, login) in enumerate(SALESPEOPLE)]
    for uid, name, login, role, zone in people:
        partner = made.add(
            "res.partner", name=name, email=login if "@" in login else f"{login}@example.com", parent_id=None,
            type="contact", active=uid != 1, id=uid + 1, tz=zone,
        )  # fmt: skip
        made.add(
            "res.users", f"base.user_{login}" if "@" not in login else "", id=uid, name=name, login=login,
            email=login, partner_id=partner, company_id=company, company_ids=[company], active=uid != 1, tz=zone,
            lang="en_US", x_sandbox_role=role, x_sandbox_password=PASSWORDS.get(login, "sandbox"),
        )  # fmt: skip
        if login in API_KEYS:
            made.add(
                "res.users.apikeys", name=f"Key of {name}", user_id=uid,
                scope="rpc" if made.engine.series < 19 else None,
                expiration_date="2036-11-19 01:20:56" if made.engine.series == 18 else None,
                x_sandbox_key=API_KEYS[login],
            )  # fmt: skip


def _stand_ins(made: Installer, company: int) -> None:
    """Archived users that nobody signs in as: patterns for new users, and the unknown visitor."""
    users = [("public", "Public user", "public_user", True)]
    users += [("portaltemplate", "Portal User Template", "template_portal_user_id", True)]
    users = [("default", "Default User Template", "default_user", False), *users][made.engine.series >= 19 :]
    for uid, (login, name, xid, share) in enumerate(users, 3):
        partner = made.add("res.partner", name=name, type="contact", active=False, id=uid + 1)
        made.add(
            "res.users", f"base.{xid}", id=uid, name=name, login=login, partner_id=partner, company_id=company,
            company_ids=[company], active=False, lang="en_US", share=share,
            x_sandbox_role="pattern", x_sandbox_password="",
        )  # fmt: skip


def _sales(made: Installer) -> None:
    made.add("crm.team", "sales_team.team_sales_department", name="Sales", active=True)
    for number, (name, sequence, won) in enumerate(
        (("New", 1, False), ("Qualified", 2, False), ("Proposition", 3, False), ("Won", 70, True)), 1
    ):
        made.add("crm.stage", f"crm.stage_lead{number}", name=name, sequence=sequence, is_won=won)
    for number, name in enumerate(("Too expensive", "We don't have people/skills", "Not enough stock"), 1):
        made.add("crm.lost.reason", f"crm.lost_reason_{number}", name=name, active=True)
    made.many("crm.tag", ["Product", "Software", "Services", "Information", "Design", "Training", "Consulting"])
    made.many("res.partner.category", ["Customer", "Prospect", "Partner", "Press", "VIP"], active=True)
    made.many("utm.source", ["Search engine", "Lead Recall", "Newsletter", "Facebook", "X", "LinkedIn"])
    made.add("utm.medium", "utm.utm_medium_website", name="Website", active=True)
    made.many("utm.medium", ["Phone", "Direct", "Email", "Banner", "X", "Facebook"], active=True)
    made.many("utm.campaign", ["Sale", "Christmas Special"])


def _mail(made: Installer) -> None:
    made.add("mail.message.subtype", "mail.mt_comment", name="Discussions")
    made.add("mail.message.subtype", "mail.mt_note", name="Note", internal=True)
    made.add("mail.message.subtype", "mail.mt_activities", name="Activities", internal=True)
    for number, (xid, name, category) in enumerate(
        (
            ("email", "Email", "default"),
            ("call", "Call", "phonecall"),
            ("meeting", "Meeting", "meeting"),
            ("todo", "To-Do", "default"),
            ("upload_document", "Upload Document", "default"),
        ),
        1,
    ):
        made.add(
            "mail.activity.type", f"mail.mail_activity_data_{xid}",
            name=name, category=category, sequence=number, active=True,
        )  # fmt: skip
    deleted = ("Calendar: Event Deleted", "Deleted event: {{ object.name }}", "calendar.event")
    update = ("Calendar: Event Update", "{{object.name}}: Event update", "calendar.event")
    for name, subject, model in (
        ("Calendar: Date Updated", "{{ object.event_id.name }}: Date updated", "calendar.attendee"),
        deleted if made.engine.series >= 19 else update,
    ):
        made.add("mail.template", name=name, subject=subject, auto_delete=True, model=model)
