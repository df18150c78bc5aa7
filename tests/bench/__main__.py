"""`python -m tests.bench [--short]`: the performance table; `make bench` calls it.

Each figure comes from processes of its own, in interleaved pairs. Ratios, counts and the second within which an edit
must arrive are asserted, other absolute figures only reported. ODOO_URL and its sisters name a real Odoo for what moves
many records; it keeps what is sent. The rest needs the sandbox. Parts are run alone by name: live, endpoint, bulk,
workspace.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator

import pytest

from tests.bench.bulk import Bench, growth
from tests.bench.endpoint import endpoint
from tests.bench.house import SETTINGS, database, sandbox
from tests.bench.live import live
from tests.bench.table import SHORT, WHOLE, Line, Size
from tests.bench.workspace import workspace
from tests.support import servers


def bulk(size: Size) -> Iterator[Line]:
    """What moves many records: pulls, pushes, polls, comparisons."""
    with database() as env:
        if os.environ.get("ODOO_URL"):
            bench = Bench(env, size)
            yield from (*bench.pull(), *bench.push(), *bench.comparison(), *bench.idle())
            return
        with sandbox(size.partners, pace=True) as odoo:
            bench = Bench({**env, **odoo}, size)
            yield from (*bench.pull(), *bench.comparison(), *bench.push())
        with sandbox(500, pace=False) as odoo:
            yield from Bench({**env, **odoo}, size).idle()
        yield from growth(env, size)


PARTS: dict[str, Callable[[Size], Iterator[Line]]] = {one.__name__: one for one in (live, endpoint, bulk, workspace)}


def main(arguments: list[str]) -> int:
    """Measure all parts, or those named; print the table. 1 when a line does not hold, but never for the short form."""
    size = SHORT if "--short" in arguments else WHOLE
    names = [name for name in arguments if name in PARTS] or list(PARTS)
    lines: list[Line] = []
    os.environ.update(SETTINGS)  # also for the processes that migrate a database before it is measured
    try:
        for name in names:
            lines += PARTS[name](size)
    except (servers.Missing, pytest.skip.Exception) as missing:
        raise SystemExit(f"The bench needs {missing}.") from None
    finally:
        print(f"\nMedians of {size.pairs} interleaved pairs, PostgreSQL:")
        print(*lines, sep="\n")
    return 0 if all(line.holds for line in lines) or size is SHORT else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
