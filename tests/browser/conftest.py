"""A browser on a live server. Playwright's loop runs in the test's thread, where Django would refuse the ORM else."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page
from pytest_django.live_server_helper import LiveServer

from crm.models import User
from integrations.odoo.setup.connect import connect
from tests.support.browser import careful_page, chromium, keep_pictures
from tests.support.sandbox import RunningSandbox, running_sandbox

os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "1"
PASSWORD = "correct horse battery staple"


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    with chromium() as made:
        yield made


@pytest.fixture
def page(browser: Browser, live_server: LiveServer, admin_user: User, request: pytest.FixtureRequest) -> Iterator[Page]:
    """A page of somebody who has signed in as the administrator; how it looked at the end is kept as pictures."""
    with careful_page(browser, live_server.url) as made:
        made.goto("/admin/login/")
        made.locator("#id_username").fill(admin_user.email)
        made.locator("#id_password").fill(PASSWORD)
        made.locator("#id_password").press("Enter")
        made.wait_for_url("**/admin/")
        yield made
        keep_pictures(made, request.node.name)


@pytest.fixture(scope="module")
def running() -> Iterator[RunningSandbox]:
    with running_sandbox() as sandbox:
        yield sandbox


@pytest.fixture
def odoo(running: RunningSandbox, page: Page) -> RunningSandbox:
    """A sandbox that this database is connected to."""
    running.control.reset()
    connect(url=running.url, database=running.database, username=running.username, secret=running.api_key)
    return running
