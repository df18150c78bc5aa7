"""The form of one record: its facts, buttons, fields and messages."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape
from typing import Any

from .engine import Engine
from .env import ADMIN_UID, Env
from .fields import Row
from .http_types import HTML, Response
from .pages_html import button, check, choice, frame, text_area, text_input
from .transaction import Transaction


@dataclass(frozen=True, slots=True)
class Screen:
    """One list and its form. ``domain`` narrows the list, ``defaults`` are the values of a new record."""

    path: str
    title: str
    model: str
    domain: list[Any]
    defaults: Row
    heads: list[tuple[str, str]]
    columns: list[str]


PARTNER_TEXTS = (
    ("name", "Name"), ("email", "Email"), ("phone", "Phone"), ("mobile", "Mobile"), ("function", "Job position"),
    ("website", "Website"), ("vat", "Tax ID"), ("street", "Street"), ("street2", "Street 2"), ("zip", "Zip"),
    ("city", "City"), ("ref", "Reference"),
)  # fmt: skip
LEAD_TEXTS = (
    ("name", "Title"), ("contact_name", "Contact name"), ("partner_name", "Company name"), ("email_from", "Email"),
    ("phone", "Phone"), ("mobile", "Mobile"), ("function", "Job position"), ("website", "Website"), ("city", "City"),
)  # fmt: skip


def html_page(engine: Engine, status: int, title: str, current: str, body: str, error: str = "") -> Response:
    """Return a page that no other page may frame and that loads nothing."""
    text = frame(engine.series, title, current, body, error)
    return Response(
        status,
        text.encode(),
        HTML,
        (
            ("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'"),
            ("X-Frame-Options", "DENY"),
            ("Cache-Control", "no-store"),
        ),
    )


def admin_env(engine: Engine) -> Env:
    """Return the administrator's view of a fresh transaction; hold the lock while using it."""
    return Env(engine, Transaction(engine.database), ADMIN_UID, {})


def form_page(engine: Engine, screen: Screen, key: str, typed: dict[str, str], error: str = "") -> Response:
    """Return the form of a record, or of a new one, with what was typed and what was wrong with it."""
    with engine.database.lock:
        env = admin_env(engine)
        model = engine.models[screen.model]
        row: Row = {**screen.defaults, "active": True}
        if key != "new":
            stored = env.tx.get(screen.model, int(key)) if key.isdigit() else None
            if stored is None:
                return html_page(engine, 404, "This record is gone", screen.path, "<p>It was deleted or merged.</p>")
            row = stored
        values = {**row, **typed}
        fields = _partner_fields(env, values) if screen.model == "res.partner" else _lead_fields(env, values)
        title = model.display(env, row) if key != "new" else f"New: {screen.title}"
        facts = _facts(env, screen, row) if key != "new" else ""
        log = _log(env, screen, row) if key != "new" else ""
    form = (
        f'<form method="post" action="/odoo/{screen.path}/{escape(key)}/save" class="card"><div class="grid">{fields}'
        '<div class="wide"><button class="main">Save</button></div></div></form>'
    )
    actions = _actions(screen, row) if key != "new" else ""
    body = f'<p><a href="/odoo/{screen.path}">{screen.title}</a></p>{facts}{actions}{form}{log}'
    return html_page(engine, 422 if error else 200, title, screen.path, body, error)


def _facts(env: Env, screen: Screen, row: Row) -> str:
    writer = env.tx.get("res.users", row.get("write_uid", 0)) or {}
    xids = [
        one["complete_name"]
        for one in env.tx.by("ir.model.data", "res_id", [row["id"]])
        if one["model"] == screen.model
    ]
    facts = [
        ("Id", str(row["id"])),
        ("Last change", f"{row['write_date'][:19]} UTC"),
        ("By", writer.get("name", "")),
        ("External ids", ", ".join(xids) or "none"),
        ("State", "active" if row.get("active") else "archived"),
    ]
    return "<dl>" + "".join(f"<div><dt>{name}</dt><dd>{escape(text)}</dd></div>" for name, text in facts) + "</dl>"


def _actions(screen: Screen, row: Row) -> str:
    base = f"/odoo/{screen.path}/{row['id']}"
    made = []
    if screen.path == "leads":
        made.append(button(f"{base}/convert", "Convert to opportunity", "main"))
    if screen.path == "crm":
        made.append(button(f"{base}/won", "Won", "main"))
        made.append(button(f"{base}/lost", "Lost"))
    made.append(
        button(
            f"{base}/{'archive' if row.get('active') else 'unarchive'}", "Archive" if row.get("active") else "Restore"
        )
    )
    made.append(button(f"{base}/delete", "Delete", "danger"))
    return f'<div class="actions">{"".join(made)}</div>'


def _options(env: Env, model: str) -> list[tuple[str, str]]:
    target = env.model(model)
    rows = target.find(env, [], target.order)
    return [("", ""), *[(str(row["id"]), target.display(env, row)) for row in rows]]


def _texts(env: Env, model: str, names: tuple[tuple[str, str], ...], values: Row) -> str:
    known = env.model(model).fields
    return "".join(text_input(name, label, values.get(name)) for name, label in names if name in known)


def _partner_fields(env: Env, values: Row) -> str:
    parts = [
        _texts(env, "res.partner", PARTNER_TEXTS, values),
        choice("country_id", "Country", _options(env, "res.country"), values.get("country_id")),
        choice("user_id", "Salesperson", _options(env, "res.users"), values.get("user_id")),
        text_input("parent_id", "Company (id)", values.get("parent_id"), "number"),
        check("is_company", "Is a company", values.get("is_company")),
        text_area("comment", "Notes (HTML)", values.get("comment")),
    ]
    return "".join(parts)


def _lead_fields(env: Env, values: Row) -> str:
    parts = [
        _texts(env, "crm.lead", LEAD_TEXTS, values),
        choice("stage_id", "Stage", _options(env, "crm.stage"), values.get("stage_id")),
        text_input("expected_revenue", "Expected revenue", values.get("expected_revenue"), "number"),
        text_input("date_deadline", "Expected closing", values.get("date_deadline"), "date"),
        choice("user_id", "Salesperson", _options(env, "res.users"), values.get("user_id")),
        text_input("partner_id", "Customer (id of a contact)", values.get("partner_id"), "number"),
        text_area("description", "Notes (HTML)", values.get("description")),
    ]
    return "".join(parts)


def _log(env: Env, screen: Screen, row: Row) -> str:
    messages = [one for one in env.tx.by("mail.message", "res_id", [row["id"]]) if one.get("model") == screen.model]
    entries = "".join(
        f'<li><span class="soft">{one["create_date"][:19]} UTC</span>{one.get("body", "<p>Changed</p>")}</li>'
        for one in reversed(messages[-20:])
    )
    return f'<h2>Messages</h2><ul class="log card">{entries}</ul>' if entries else ""
