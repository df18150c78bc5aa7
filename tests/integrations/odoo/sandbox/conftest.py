"""A sandbox in memory for each series, and its users."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from integrations.odoo.sandbox.engine import Engine
from tests.integrations.odoo.sandbox.person import Person, administrator, integration, new_engine


@pytest.fixture(params=[16, 18, 19], ids=lambda series: f"odoo{series}")
def engine(request: pytest.FixtureRequest) -> Iterator[Engine]:
    made = new_engine(request.param)
    yield made
    made.close()


@pytest.fixture
def bot(engine: Engine) -> Person:
    return integration(engine)


@pytest.fixture
def admin(engine: Engine) -> Person:
    return administrator(engine)
