"""Somebody who edits accounts in the web pages while something goes on: what was saved, and how long each save took."""

from __future__ import annotations

import random
import re
import threading
import time
from html.parser import HTMLParser

import httpx2

from tests.support.migrated import EMAIL, PASSWORD
from tests.support.tandem import PATIENCE, Tandem

# What the page says of a record that the sync, or somebody else, has changed since it was opened.
CHANGED = "in the meantime. Look at it again, then save."


class WebEditor(threading.Thread):
    """Sets each account's phone once, `edits` accounts, and again where the form comes back.

    `saved`: phone by primary key; `slowest`: seconds of a save; `came_back`: how often the record had changed between
    opening and saving, as the page then says; `problem`: what ended it before its time.
    """

    def __init__(self, tandem: Tandem, edits: int, *, pages: int = 20) -> None:
        super().__init__(daemon=True)
        self.tandem = tandem
        self.edits = edits
        self.pages = pages
        self.saved: dict[str, str] = {}
        self.slowest = 0.0
        self.came_back = 0
        self.problem = ""
        self.enough = threading.Event()

    def run(self) -> None:
        """Edit until the set number is reached."""
        try:
            with httpx2.Client(base_url=self.tandem.address, timeout=PATIENCE, follow_redirects=True) as web:
                self._sign_in(web)
                while len(self.saved) < self.edits and not self.enough.is_set():
                    self._edit(web)
        except Exception as error:
            self.problem = f"{type(error).__name__}: {error}"

    def _sign_in(self, web: httpx2.Client) -> None:
        form = _form(web.get("/admin/login/").text)
        form.update(username=EMAIL, password=PASSWORD)
        page = web.post("/admin/login/?next=/admin/crm/account/", data=form)
        assert "/login/" not in str(page.url), "cannot sign in"

    def _edit(self, web: httpx2.Client) -> None:
        keys = sorted(set(re.findall(r"/admin/crm/account/(\d+)/change/", web.get("/admin/crm/account/").text)))
        fresh = [key for key in keys if key not in self.saved]
        if not fresh:
            fresh = [key for key in self._more(web) if key not in self.saved]
        if not fresh:
            time.sleep(0.2)
            return
        key = random.choice(fresh)
        form = _form(web.get(f"/admin/crm/account/{key}/change/").text)
        form["phone"] = f"edit-{len(self.saved)}"
        started = time.monotonic()
        answer = web.post(f"/admin/crm/account/{key}/change/", data={**form, "_save": "Save"})
        self.slowest = max(self.slowest, time.monotonic() - started)
        assert answer.status_code == 200, answer.status_code
        if "/change/" not in str(answer.url):
            self.saved[key] = form["phone"]
            return
        assert CHANGED in answer.text, "the form came back: " + answer.text[:200]
        self.came_back += 1

    def _more(self, web: httpx2.Client) -> list[str]:
        text = web.get(f"/admin/crm/account/?p={random.randint(1, self.pages)}").text
        return sorted(set(re.findall(r"/admin/crm/account/(\d+)/change/", text)))


def _form(text: str) -> dict[str, str]:
    """The fields of the page's main form, with their values, as a browser would send them."""

    class Fields(HTMLParser):
        def __init__(self) -> None:
            super().__init__()
            self.found: dict[str, str] = {}
            self.select = self.area = ""

        def handle_starttag(self, tag: str, raw: list[tuple[str, str | None]]) -> None:
            at = {name: value or "" for name, value in raw}
            name = at.get("name", "")
            if tag == "input" and name and at.get("type") not in ("submit", "checkbox", "radio", "file", "button"):
                self.found[name] = at.get("value", "")
            elif tag == "input" and name and "checked" in at:
                self.found[name] = at.get("value", "on")
            elif tag == "select":
                self.select = name
            elif tag == "option" and self.select and "selected" in at:
                self.found[self.select] = at.get("value", "")
            elif tag == "textarea":
                self.area, self.found[name] = name, ""

        def handle_endtag(self, tag: str) -> None:
            if tag == "select":
                self.select = ""
            elif tag == "textarea":
                self.area = ""

        def handle_data(self, data: str) -> None:
            if self.area:
                self.found[self.area] += data.removeprefix("\n")

    fields = Fields()
    fields.feed(text)
    fields.found.pop("action", None)
    return fields.found
