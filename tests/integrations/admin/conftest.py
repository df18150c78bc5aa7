"""A sandbox for the pages that ask Odoo."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from integrations.models import Connection
from integrations.odoo.setup.connect import connect
from tests.support.sandbox import RunningSandbox, running_sandbox


@pytest.fixture(scope="module")
def running() -> Iterator[RunningSandbox]:
    with running_sandbox() as sandbox:
        yield sandbox


@pytest.fixture
def odoo(running: RunningSandbox, db: None) -> RunningSandbox:
    """A sandbox with base data only; not connected."""
    running.control.reset()
    return running


@pytest.fixture
def live(odoo: RunningSandbox) -> Connection:
    """The live connection to the sandbox."""
    return connect(url=odoo.url, database=odoo.database, username=odoo.username, secret=odoo.api_key)
