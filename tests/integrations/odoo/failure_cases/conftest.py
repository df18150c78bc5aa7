"""The 25 failure cases, each on all three transports through the fault proxy.

FAULTS_FULL=1 plays them at full length. With PROPERTY_ODOO_URL and its like (tests/support/real_odoo.py) they run
before that Odoo instead of the sandbox, on every transport it speaks; what only a sandbox can do (marked `sandbox`) is
not collected then.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest

from tests.support.faultproxy import RunningProxy, running_proxy
from tests.support.real_odoo import RealOdoo, real_odoo
from tests.support.sandbox import RunningSandbox
from tests.support.two_sides import TwoSides, two_sides

WAYS = [(16, "xmlrpc"), (18, "jsonrpc"), (19, "json2")]
REAL = real_odoo()


def ways(real: RealOdoo | None) -> list[tuple[int, str]]:
    """Series and transport of each run."""
    return [(real.series, name) for since, name in WAYS if name != "json2" or real.series >= since] if real else WAYS


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Every test that talks to an Odoo does so on all ways."""
    if "transport" in metafunc.fixturenames:
        metafunc.parametrize(("series", "transport"), ways(REAL))


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out before a real Odoo what cannot be provoked there."""
    out = [item for item in items if REAL and item.get_closest_marker("sandbox")]
    if out:
        config.hook.pytest_deselected(items=out)
        items[:] = [item for item in items if item not in out]


@pytest.fixture
def odoo(sandboxes: Callable[[int], RunningSandbox], series: int) -> RunningSandbox:
    """The real Odoo that the environment names, else a sandbox; base data only."""
    found = REAL or sandboxes(series)
    found.control.reset()
    return found


@pytest.fixture(scope="session")
def proxies() -> Iterator[Callable[[str], RunningProxy]]:
    """One fault proxy per Odoo, started when first asked for. Webhooks through it reach nobody here."""
    running: dict[str, RunningProxy] = {}
    with ExitStack() as stack:

        def before(url: str) -> RunningProxy:
            if url not in running:
                running[url] = stack.enter_context(running_proxy(url, hooks=url))
            return running[url]

        yield before


@pytest.fixture
def proxy(odoo: RunningSandbox, proxies: Callable[[str], RunningProxy]) -> RunningProxy:
    """The fault proxy, with no fault ordered."""
    found = proxies(odoo.url)
    found.clear()
    return found


@pytest.fixture
def unsynced(odoo: RunningSandbox, proxy: RunningProxy, stages: object, transport: str) -> TwoSides:
    """Both sides, connected through the proxy; nothing is synced yet."""
    return two_sides(odoo, url=proxy.url, transport=transport)


@pytest.fixture
def sides(behind_proxy: TwoSides) -> TwoSides:
    """Both sides after the first sync, all calls through the proxy."""
    return behind_proxy
