"""One HTTP request and one answer, free of any server library."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from ipaddress import ip_address
from urllib.parse import parse_qs, urlsplit

JSON = "application/json; charset=utf-8"
HTML = "text/html; charset=utf-8"
XML = "text/xml; charset=utf-8"


@dataclass(frozen=True, slots=True)
class Request:
    """What came in. Header names are lower case."""

    method: str
    path: str
    query: str
    headers: Mapping[str, str]
    body: bytes
    client: str

    def params(self) -> dict[str, str]:
        """Return the query parameters, the last of each name."""
        return {name: values[-1] for name, values in parse_qs(self.query, keep_blank_values=True).items()}

    def form(self) -> dict[str, str]:
        """Return the fields of an HTML form, the last of each name."""
        text = self.body.decode("utf-8", "replace")
        return {name: values[-1] for name, values in parse_qs(text, keep_blank_values=True).items()}


@dataclass(frozen=True, slots=True)
class Response:
    """What goes out."""

    status: int
    body: bytes = b""
    content_type: str = HTML
    headers: tuple[tuple[str, str], ...] = field(default=())


def own_host(request: Request) -> bool:
    """Whether the Host is an address or a name without dots: another site's name that points here has one."""
    name = urlsplit(f"//{request.headers.get('host', '')}").hostname or ""
    try:
        ip_address(name)
    except ValueError:
        return "." not in name and name != ""
    return True


def page(status: int, title: str, text: str = "") -> Response:
    """Return a bare HTML page, as werkzeug makes them for errors."""
    body = f"<!doctype html>\n<html lang=en>\n<title>{status} {title}</title>\n<h1>{title}</h1>\n<p>{text}</p>\n"
    return Response(status, body.encode(), HTML)


def redirect(location: str, status: int = 303) -> Response:
    """Return a redirect."""
    return Response(status, b"", HTML, (("Location", location),))
