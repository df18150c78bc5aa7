"""Pages to play Odoo's side of the sync: lists and forms of contacts, leads and opportunities.

What is done here is done by the user "Administrator", as a person in Odoo would. There is no log-in: the sandbox
listens on this machine only, and forms are taken only from its own pages.
"""

from __future__ import annotations

from html import escape
from typing import Any
from urllib.parse import quote, urlsplit

from .engine import Engine
from .env import ADMIN_UID
from .errors import OdooError
from .fields import Row
from .http_types import Request, Response, own_host, page, redirect
from .pages_form import Screen, admin_env, form_page, html_page
from .pages_html import table

PER_PAGE = 40
DEFAULT_PORTS = {"http": 80, "https": 443}


SCREENS = {
    "contacts": Screen(
        "contacts",
        "Contacts",
        "res.partner",
        [],
        {},
        [("Name", ""), ("Email", ""), ("Phone", ""), ("City", ""), ("Company", ""), ("Last change (UTC)", ""),
         ("By", "")],
        ["name", "email", "phone", "city", "parent_id", "write_date", "write_uid"],
    ),
    "crm": Screen(
        "crm",
        "Pipeline",
        "crm.lead",
        [["type", "=", "opportunity"]],
        {"type": "opportunity"},
        [("Opportunity", ""), ("Customer", ""), ("Stage", ""), ("Revenue", "num"), ("Probability", "num"),
         ("Salesperson", ""), ("Last change (UTC)", ""), ("By", "")],
        ["name", "partner_id", "stage_id", "expected_revenue", "probability", "user_id", "write_date", "write_uid"],
    ),
    "leads": Screen(
        "leads",
        "Leads",
        "crm.lead",
        [["type", "=", "lead"]],
        {"type": "lead"},
        [("Lead", ""), ("Contact", ""), ("Email", ""), ("Phone", ""), ("Salesperson", ""), ("Last change (UTC)", ""),
         ("By", "")],
        ["name", "contact_name", "email_from", "phone", "user_id", "write_date", "write_uid"],
    ),
}  # fmt: skip
# Odoo's own addresses name a model too: /odoo/res.partner/12.
ALIASES = {"res.partner": "contacts", "crm.lead": "crm"}


def handle(engine: Engine, request: Request) -> Response:
    """Answer ``/odoo``, its lists, forms and buttons."""
    parts = [part for part in request.path.removeprefix("/odoo").split("/") if part]
    if not own_host(request):
        return page(403, "Forbidden", "The pages answer to localhost or an address, not to this host name.")
    if not parts:
        return redirect("/odoo/contacts")
    screen = SCREENS.get(ALIASES.get(parts[0], parts[0]))
    if screen is None or len(parts) > 3:
        return html_page(engine, 404, "Not found", "", '<p><a href="/odoo">Back to the contacts</a></p>')
    if screen.model.startswith("crm.") and not engine.settings.crm_installed:
        return html_page(engine, 404, "The CRM app is not installed", screen.path, "")
    if request.method == "POST":
        return _post(engine, request, screen, parts[1:])
    if len(parts) == 1:
        return _list(engine, request, screen)
    return form_page(engine, screen, parts[1], {})


def own_form(request: Request) -> bool:
    """Whether a form comes from this server's own pages: its Origin (or Referer) names our Host."""
    source = request.headers.get("origin") or request.headers.get("referer") or ""
    parts = urlsplit(source)
    host = request.headers.get("host", "").lower()
    if not parts.hostname or not host:
        return False
    default = DEFAULT_PORTS.get(parts.scheme, 0)
    return parts.netloc.lower() == host or f"{parts.hostname}:{parts.port or default}" == host


# -- list -------------------------------------------------------------------------------------------------


def _list(engine: Engine, request: Request, screen: Screen) -> Response:
    params = request.params()
    search = params.get("q", "").strip()
    archived = params.get("archived") == "1"
    number = max(1, int(params["page"])) if params.get("page", "").isdigit() else 1
    names = [
        name for name in ("display_name", "email", "email_from", "phone") if name in engine.models[screen.model].fields
    ]
    domain = [*screen.domain]
    if search:
        domain += ["|"] * (len(names) - 1) + [[name, "ilike", search] for name in names]
    with engine.database.lock:
        env = admin_env(engine)
        model = engine.models[screen.model]
        found = model.find(env, domain, "write_date desc, id desc", archived=archived)
        shown = model.answer(
            env, found[(number - 1) * PER_PAGE : number * PER_PAGE], [*screen.columns, "active"], classic=True
        )
    rows = [
        (f"/odoo/{screen.path}/{one['id']}", [_shown(one[name]) for name in screen.columns], not one["active"])
        for one in shown
    ]
    tools = (
        '<div class="bar"><form method="get" role="search">'
        f'<input name="q" value="{escape(search)}" placeholder="Name, email or phone" aria-label="Search">'
        f"{'<input type=hidden name=archived value=1>' if archived else ''}<button>Search</button></form>"
        f'<a class="button" href="?q={quote(search)}&amp;archived={"0" if archived else "1"}">'
        f"{'Hide' if archived else 'Show'} archived</a>"
        f'<a class="button main" href="/odoo/{screen.path}/new">New</a></div>'
    )
    none = '<div class="card empty">Nothing found. Change the search, or make a new record.</div>'
    body = tools + (table(screen.heads, rows) if rows else none) + _pager(len(found), number, search, archived)
    return html_page(engine, 200, screen.title, screen.path, body)


def _pager(total: int, number: int, search: str, archived: bool) -> str:
    last = max(1, -(-total // PER_PAGE))
    base = f"?q={quote(search)}&amp;archived={'1' if archived else '0'}&amp;page="
    before = f'<a class="button" href="{base}{number - 1}">Previous</a>' if number > 1 else ""
    after = f'<a class="button" href="{base}{number + 1}">Next</a>' if number < last else ""
    first = min(total, (number - 1) * PER_PAGE + 1)
    return (
        f'<div class="actions">{before}{after}<span class="count">{first:,} to {min(total, number * PER_PAGE):,}'
        f" of {total:,}</span></div>"
    )


def _shown(value: Any) -> str:
    if value is False or value is None:
        return ""
    if isinstance(value, list):
        return str(value[1]) if len(value) == 2 else ", ".join(map(str, value))
    return f"{value:,.2f}" if isinstance(value, float) else str(value)


# -- what forms do ----------------------------------------------------------------------------------------

METHODS = {
    "archive": "action_archive",
    "unarchive": "action_unarchive",
    "delete": "unlink",
    "won": "action_set_won",
    "lost": "action_set_lost",
    "convert": "convert_opportunity",
}
NUMBERS = frozenset({"parent_id", "partner_id", "country_id", "stage_id", "user_id"})


def _post(engine: Engine, request: Request, screen: Screen, parts: list[str]) -> Response:
    if not own_form(request):
        return html_page(
            engine, 403, "Refused", screen.path, "<p>This form came from another page than the sandbox's own.</p>"
        )
    if len(parts) != 2 or not (parts[0].isdigit() or parts == ["new", "save"]):
        return html_page(engine, 404, "Not found", screen.path, "")
    key, action = parts
    typed = request.form()
    try:
        if action == "save":
            record_id = _save(engine, screen, key, typed)
            return redirect(f"/odoo/{screen.path}/{record_id}")
        method = METHODS.get(action)
        if method is None:
            return html_page(engine, 404, "Not found", screen.path, "")
        engine.call(ADMIN_UID, screen.model, method, [[int(key)]], {})
    except OdooError as error:
        return form_page(engine, screen, key, typed, error.message)
    except ValueError as error:
        return form_page(engine, screen, key, typed, str(error))
    if action == "delete":
        return redirect(f"/odoo/{screen.path}")
    return redirect(f"/odoo/{'crm' if action == 'convert' else screen.path}/{key}")


def _save(engine: Engine, screen: Screen, key: str, typed: dict[str, str]) -> int:
    """Store what changed in the form; returns the id. Raises ``OdooError`` or ``ValueError`` with a sentence."""
    model = engine.models[screen.model]
    values: Row = {}
    for name, text in typed.items():
        own = model.fields.get(name)
        if own is None or own.readonly:
            continue
        values[name] = _typed_value(name, own.type, own.string, text.strip().replace("\r\n", "\n"))
    if screen.model == "res.partner":
        values["is_company"] = "is_company" in typed
    if key == "new":
        return int(engine.call(ADMIN_UID, screen.model, "create", [{**screen.defaults, **values}], {}))
    with engine.database.lock:
        stored = engine.database.table(screen.model).rows.get(int(key), {})
    changed = {name: value for name, value in values.items() if (stored.get(name) or False) != (value or False)}
    if changed:
        engine.call(ADMIN_UID, screen.model, "write", [[int(key)], changed], {})
    return int(key)


def _typed_value(name: str, kind: str, label: str, text: str) -> Any:
    if not text:
        return False
    if name in NUMBERS:
        if not text.isdigit():
            raise ValueError(f"{label} must be the number of a record.")
        return int(text)
    if kind in ("float", "monetary"):
        try:
            return float(text)
        except ValueError:
            raise ValueError(f"{label} must be a number.") from None
    return text
