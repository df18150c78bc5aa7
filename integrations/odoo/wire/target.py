"""Which Odoo is called, and what is told about each call."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from integrations.errors import ConfigError

# What people copy from the address bar, and what other clients ask for.
_PAGE_PATH = re.compile(r"/(?:odoo|web|jsonrpc|xmlrpc|json)(?:/.*)?$")


@dataclass(frozen=True)
class OdooTarget:
    """Which Odoo, which database, which user. The secret (API key or password) is left out of `repr`.

    `url`: as people copy it, see `base_url`; `transport`: "auto", "jsonrpc", "xmlrpc" or "json2"; `allowed_hosts`:
    names, addresses or networks that may be called by plain http.
    """

    url: str
    database: str
    username: str
    secret: str = field(repr=False)
    transport: str = "auto"
    allowed_hosts: tuple[str, ...] = ()

    @property
    def key(self) -> tuple[str, str, str]:
        """What tells two targets apart in caches; holds no secret."""
        return (base_url(self.url), self.database, self.username)


@dataclass(frozen=True, slots=True)
class CallInfo:
    """A call about to leave. `timeout_s`: it will end within so many seconds; `bytes_out`: size of the body."""

    model: str
    method: str
    write: bool
    timeout_s: float
    bytes_out: int


@dataclass(frozen=True, slots=True)
class CallRecord:
    """A call that ended. `error_class`: name of the error or None; `rows`: records sent or received, None if unknown;
    `retry_after`: seconds that the other side asks us to wait, None if it did not;
    `remote_id`: the record, when the call was about one alone.

    Never a secret, never a body.
    """

    model: str
    method: str
    duration_s: float
    ok: bool
    error_class: str | None
    rows: int | None
    bytes_out: int
    bytes_in: int
    retry_after: float | None = None
    remote_id: int | None = None


def base_url(url: str) -> str:
    """The server's own address: "https://x.odoo.com/odoo/crm?debug=1" gives "https://x.odoo.com".

    `https://` is added when no scheme is given. Raises ConfigError when there is no server in it.
    """
    text = url.strip()
    if "://" not in text:
        text = f"https://{text}"
    try:
        parts = urlsplit(text)
    except ValueError:
        raise ConfigError("The Odoo address is not a web address.") from None
    if not parts.netloc:
        raise ConfigError("The Odoo address names no server.")
    path = _PAGE_PATH.sub("", parts.path.rstrip("/")).rstrip("/")
    return f"{parts.scheme.lower()}://{parts.netloc}{path}"
