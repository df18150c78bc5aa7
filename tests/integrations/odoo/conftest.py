"""A running Odoo look-alike per series, reached over real sockets, and this database connected to it.

`odoo` and `connected` are of series 18 unless a test says `@pytest.mark.parametrize("series", [16, 18, 19])`.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest

from crm.models import Stage
from tests.support.faultproxy import RunningProxy, running_proxy
from tests.support.sandbox import RunningSandbox, running_sandbox
from tests.support.two_sides import TwoSides, two_sides

SERIES = (16, 18, 19)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """With ONE_SERIES, leave tests to one series of the three: what differs between them is Odoo, not our database.

    `make faults` plays the failure cases in all series on both databases.
    """
    one = os.environ.get("ONE_SERIES")
    others = [item for item in items if one and _series(item) not in (None, int(one))]
    if others:
        config.hook.pytest_deselected(items=others)
        items[:] = [item for item in items if item not in set(others)]


def _series(item: pytest.Item) -> int | None:
    """Which series a test is of, when it is of one among several."""
    found: int | None = item.callspec.params.get("series") if hasattr(item, "callspec") else None
    return found


@pytest.fixture(scope="session")
def sandboxes() -> Iterator[Callable[[int], RunningSandbox]]:
    """One sandbox process per series, started when first asked for."""
    running: dict[int, RunningSandbox] = {}
    with ExitStack() as stack:

        def of(series: int) -> RunningSandbox:
            if series not in running:
                running[series] = stack.enter_context(running_sandbox(series=series))
            return running[series]

        yield of


@pytest.fixture
def series() -> int:
    """The series of `odoo`, unless a test names others."""
    return 18


@pytest.fixture
def transport() -> str:
    """The transport of `connected`, unless a test names others."""
    return "auto"


@pytest.fixture
def odoo(sandboxes: Callable[[int], RunningSandbox], series: int) -> RunningSandbox:
    """A sandbox with base data only."""
    sandbox = sandboxes(series)
    sandbox.control.reset()
    return sandbox


@pytest.fixture
def connected(odoo: RunningSandbox, stages: dict[str, Stage], transport: str) -> TwoSides:
    """Both sides, connected; nothing is synced yet."""
    return two_sides(odoo, transport=transport)


@pytest.fixture
def synced(connected: TwoSides) -> TwoSides:
    """Both sides after the first sync of Odoo's base data."""
    connected.pull()
    connected.control.reset_counters()
    return connected


@pytest.fixture
def proxy(odoo: RunningSandbox) -> Iterator[RunningProxy]:
    """A fault proxy before the sandbox."""
    with running_proxy(odoo.url) as running:
        yield running


@pytest.fixture
def behind_proxy(odoo: RunningSandbox, proxy: RunningProxy, stages: dict[str, Stage], transport: str) -> TwoSides:
    """Both sides after the first sync, all calls through the fault proxy."""
    sides = two_sides(odoo, url=proxy.url, transport=transport)
    sides.pull()
    sides.control.reset_counters()
    return sides
