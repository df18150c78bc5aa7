"""HTML of notes and mails: made from text, cleaned, and turned back into text."""

from __future__ import annotations

import html
import re

import nh3

TAGS = {
    "a", "b", "blockquote", "br", "code", "div", "em", "h1", "h2", "h3", "h4", "h5", "h6", "hr", "i", "li", "ol",
    "p", "pre", "s", "span", "strike", "strong", "sub", "sup", "table", "tbody", "td", "th", "thead", "tr", "u", "ul",
}  # fmt: skip
ATTRIBUTES = {"a": {"href", "title"}, "td": {"colspan", "rowspan"}, "th": {"colspan", "rowspan"}}
SCHEMES = {"http", "https", "mailto", "tel"}

# An address in angle brackets, as mail programs write it, is no tag; a sanitiser would drop it.
_ADDRESS = re.compile(r"<((?:mailto:)?[^\s<>@\"'=]+@[^\s<>@\"'=]+)>")
_BREAKS = re.compile(r"(?i)<(?:br|hr)\s*/?>|</(?:p|div|li|tr|h[1-6]|blockquote|pre)>")
_LINES = re.compile(r"<br\s*/?>|</(?:p|div|li|tr|h[1-6]|blockquote)\s*>", re.I)
_TAG = re.compile(r"<(?:[^>\"']|\"[^\"]*\"|'[^']*')*>")
_LINK = re.compile(r"<a\b((?:[^>\"']|\"[^\"]*\"|'[^']*')*)>(.*?)</a\s*>", re.I | re.S)
_HREF = re.compile(r"\bhref=(?:\"([^\"]*)\"|'([^']*)')", re.I)
# Before the end of its block a break makes no line: it only keeps an empty paragraph open.
_LAST_BREAK = re.compile(r"<br\s*/?>(?=\s*</(?:p|div|li|td|h[1-6]|blockquote)\b)", re.I)


def sanitise(markup: str) -> str:
    """Return this HTML with only harmless tags, links and attributes; `<a@b.c>` stays readable as text."""
    return nh3.clean(_ADDRESS.sub(r"&lt;\1&gt;", markup), tags=TAGS, attributes=ATTRIBUTES, url_schemes=SCHEMES).strip()


def from_text(text: str) -> str:
    """Return plain text as HTML: blank lines part paragraphs, line ends become breaks, everything is escaped."""
    lines = text.replace("\r\n", "\n").replace("\r", "\n").strip("\n")
    paragraphs = [part.strip("\n") for part in re.split(r"\n[ \t]*\n+", lines)]
    return "".join(f"<p>{html.escape(part, quote=False).replace(chr(10), '<br>')}</p>" for part in paragraphs if part)


def to_text(markup: str) -> str:
    """Return the text of this HTML on one line, for titles and search."""
    return " ".join(html.unescape(_TAG.sub("", _BREAKS.sub(" ", markup))).split())


def from_lines(text: str) -> str:
    """Return plain text as HTML with one paragraph a line; `to_lines` gives the same text back."""
    return "".join(f"<p>{html.escape(line, quote=False) or '<br>'}</p>" for line in text.split("\n"))


def to_lines(markup: str) -> str:
    """Return the text of this HTML with its lines; a link keeps its address in brackets."""
    text = _TAG.sub("", _LINES.sub("\n", _LAST_BREAK.sub("", _LINK.sub(_link, markup))))
    return "\n".join(line.rstrip() for line in html.unescape(text).replace("\xa0", " ").split("\n")).strip("\n")


def _link(match: re.Match[str]) -> str:
    href, words = _HREF.search(match.group(1)), _TAG.sub("", match.group(2))
    address = (href.group(1) or href.group(2) or "") if href else ""
    bare = not address or html.unescape(address) == html.unescape(words).strip()
    return words if bare else f"{words} [{address}]"
