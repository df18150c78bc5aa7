"""The look of the sandbox's own pages: one style sheet, one frame, small parts. Every value is escaped here."""

from __future__ import annotations

from html import escape

STYLE = """
:root{color-scheme:light dark;--bg:#f6f7f9;--card:#fff;--text:#1f2933;--soft:#667085;--line:#dfe3e8;--accent:#5b4a72;
--accent-text:#fff;--bad:#b42318;--bad-bg:#fef3f2;--note:#ede9f3;--focus:#7a63a3}
@media(prefers-color-scheme:dark){:root{--bg:#16181d;--card:#1f232a;--text:#e6e8eb;--soft:#a1a8b3;--line:#343a44;
--accent:#b7a3d6;--accent-text:#1c1726;--bad:#ff9d94;--bad-bg:#3a1f1d;--note:#2b2636;--focus:#b7a3d6}}
*{box-sizing:border-box}body{margin:0;background:var(--bg);color:var(--text);
font:14px/1.5 system-ui,-apple-system,"Segoe UI",Roboto,sans-serif}
a{color:var(--accent)}a:focus-visible,button:focus-visible,input:focus-visible,select:focus-visible,
textarea:focus-visible{outline:2px solid var(--focus);outline-offset:2px}
.note{background:var(--note);padding:6px 16px;text-align:center;font-size:13px}
header{background:var(--card);border-bottom:1px solid var(--line);display:flex;flex-wrap:wrap;gap:4px 16px;
align-items:center;padding:8px 16px}header strong{font-size:15px}nav{display:flex;gap:4px}
nav a{padding:6px 10px;border-radius:6px;text-decoration:none;color:var(--text)}
nav a[aria-current]{background:var(--note);font-weight:600}
main{max-width:1360px;margin:0 auto;padding:16px}h1{font-size:20px;margin:0 0 12px}
.bar{display:flex;flex-wrap:wrap;gap:8px;align-items:center;margin-bottom:12px}.bar form{display:flex;gap:8px;flex:1}
.bar input{min-width:0;flex:1;max-width:340px}.count{color:var(--soft);font-variant-numeric:tabular-nums}
.card{background:var(--card);border:1px solid var(--line);border-radius:8px;overflow:hidden}.scroll{overflow-x:auto}
table{border-collapse:collapse;width:100%;font-size:13px}th,td{text-align:left;padding:9px 12px;white-space:nowrap;
max-width:260px;overflow:hidden;text-overflow:ellipsis}th{color:var(--soft);font-weight:500}
tr+tr td,thead+tbody tr:first-child td{border-top:1px solid var(--line)}
.num{text-align:right;font-variant-numeric:tabular-nums}.soft{color:var(--soft)}.gone td{opacity:.6}
.tag{display:inline-block;border:1px solid var(--line);border-radius:99px;padding:0 8px;font-size:12px}
label{display:block;font-weight:500;margin-bottom:4px}input,select,textarea{font:inherit;color:inherit;width:100%;
background:var(--bg);border:1px solid var(--line);border-radius:6px;padding:7px 9px}textarea{min-height:90px}
input[type=checkbox]{width:auto;margin-right:6px}.bar input{width:auto}
.grid{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(280px,100%),1fr));gap:14px;padding:16px}
.wide{grid-column:1/-1}button,.button{font:inherit;font-weight:500;border:1px solid var(--line);border-radius:6px;
padding:7px 14px;background:var(--card);color:var(--text);cursor:pointer;text-decoration:none;display:inline-block}
.main{background:var(--accent);border-color:var(--accent);color:var(--accent-text)}.danger{color:var(--bad)}
.actions{display:flex;flex-wrap:wrap;gap:8px;margin:12px 0}.error{background:var(--bad-bg);color:var(--bad);
border-radius:8px;padding:10px 14px;margin-bottom:12px}.empty{padding:32px 16px;text-align:center;color:var(--soft)}
ul.log{list-style:none;margin:0;padding:0}ul.log li{padding:10px 16px;border-top:1px solid var(--line)}
ul.log li:first-child{border-top:0}ul.log p{margin:2px 0}h2{font-size:16px;margin:20px 0 8px}
dl{display:flex;flex-wrap:wrap;gap:4px 24px;margin:0 0 12px;font-size:13px}dt{color:var(--soft)}dd{margin:0}
dl div{display:flex;gap:6px}
"""


def frame(series: int, title: str, current: str, body: str, error: str = "") -> str:
    """Return a whole page; ``body`` is HTML, everything else is text."""
    links = "".join(
        f'<a href="/odoo/{path}"{" aria-current=page" if path == current else ""}>{name}</a>'
        for path, name in (("contacts", "Contacts"), ("crm", "Pipeline"), ("leads", "Leads"))
    )
    notice = f'<p class="error" role="alert">{escape(error)}</p>' if error else ""
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width,initial-scale=1">'
        f"<title>{escape(title)} - Odoo {series} sandbox</title><style>{STYLE}</style></head><body>"
        f'<div class="note">This is a sandbox that imitates Odoo {series}. Nothing here reaches a real system.</div>'
        f"<header><strong>Sandbox</strong><nav aria-label=Apps>{links}</nav></header>"
        f"<main><h1>{escape(title)}</h1>{notice}{body}</main></body></html>"
    )


def text_input(name: str, label: str, value: object, kind: str = "text") -> str:
    """Return a labelled input."""
    step = ' step="any"' if kind == "number" else ""
    return (
        f'<div><label for="{name}">{escape(label)}</label>'
        f'<input id="{name}" name="{name}" type="{kind}"{step} value="{escape(str(value or ""))}"></div>'
    )


def text_area(name: str, label: str, value: object) -> str:
    """Return a labelled text area over the full width."""
    return (
        f'<div class="wide"><label for="{name}">{escape(label)}</label>'
        f'<textarea id="{name}" name="{name}">{escape(str(value or ""))}</textarea></div>'
    )


def choice(name: str, label: str, options: list[tuple[str, str]], value: object) -> str:
    """Return a labelled select."""
    listed = "".join(
        f'<option value="{escape(key)}"{" selected" if key == str(value or "") else ""}>{escape(shown)}</option>'
        for key, shown in options
    )
    return f'<div><label for="{name}">{escape(label)}</label><select id="{name}" name="{name}">{listed}</select></div>'


def check(name: str, label: str, value: object) -> str:
    """Return a labelled check box."""
    return (
        f'<div><label><input type="checkbox" name="{name}" value="1"{" checked" if value else ""}>'
        f"{escape(label)}</label></div>"
    )


def button(path: str, label: str, style: str = "") -> str:
    """Return a form with one button."""
    return f'<form method="post" action="{escape(path)}"><button class="{style}">{escape(label)}</button></form>'


def table(heads: list[tuple[str, str]], rows: list[tuple[str, list[str], bool]]) -> str:
    """Return a table: heads as (text, class), rows as (link, cells, archived); the first cell is the link."""
    head = "".join(f'<th scope="col" class="{style}">{escape(name)}</th>' for name, style in heads)
    body = ""
    for link, cells, archived in rows:
        shown = [f'<a href="{escape(link)}">{escape(cells[0])}</a>', *map(escape, cells[1:])]
        parts = "".join(f'<td class="{heads[at][1]}">{cell}</td>' for at, cell in enumerate(shown))
        body += f'<tr class="{"gone" if archived else ""}">{parts}</tr>'
    return f'<div class="card scroll"><table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>'
