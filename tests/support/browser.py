"""A Chromium for tests, driven by Playwright; a page that ends with an error of its own fails the test."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from playwright.sync_api import Browser, Error, Page, expect, sync_playwright

from tests.support.servers import find_browser

ARGUMENTS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-dev-shm-usage",
)
PICTURES = Path(__file__).resolve().parent.parent.parent / "var" / "screenshots"
# A busy machine is slow, not broken; what is there at once is seen at once all the same.
expect.set_options(timeout=20_000)
LOOKS = (("light", 1440, 900), ("dark", 390, 844))


@contextmanager
def chromium() -> Iterator[Browser]:
    """A browser without a window. Raises Missing when none is installed."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=find_browser(), args=list(ARGUMENTS))
        try:
            yield browser
        finally:
            browser.close()


@contextmanager
def careful_page(browser: Browser, base_url: str) -> Iterator[Page]:
    """A page of a fresh session. Fails at the end when a script of it failed."""
    context = browser.new_context(base_url=base_url, viewport={"width": 1280, "height": 900})
    page = context.new_page()
    troubles: list[str] = []
    page.on("pageerror", lambda error: troubles.append(str(error)))
    try:
        yield page
        assert troubles == []
    finally:
        context.close()


def keep_pictures(page: Page, name: str) -> None:
    """Keep how the page looks, light on a desk and dark on a phone, in var/screenshots; none of a page that is gone."""
    PICTURES.mkdir(parents=True, exist_ok=True)
    safe = "".join(letter if letter.isalnum() else "-" for letter in name)
    with suppress(Error):
        for theme, width, height in LOOKS:
            page.emulate_media(color_scheme=theme)
            page.set_viewport_size({"width": width, "height": height})
            page.screenshot(path=PICTURES / f"{safe}-{theme}-{width}.png")
