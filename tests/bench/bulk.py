"""Work in processes of its own, each beside the bare calls or rows that it cannot do without."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping

from tests.bench.house import ROOT, sandbox
from tests.bench.table import Figures, Line, Size, median_of, ratio, told


class Bench:
    """Runs the measured pieces of work against one Odoo and one database."""

    def __init__(self, env: Mapping[str, str], size: Size) -> None:
        self.env = env
        self.size = size

    def work(self, name: str, **env: str) -> Figures:
        """One piece of work in its own process."""
        answer = subprocess.run(
            [sys.executable, "-m", "tests.bench.work", name],
            cwd=ROOT,
            env={**os.environ, **self.env, "BENCH_LEADS": str(self.size.leads), **env},
            capture_output=True,
            text=True,
        )
        if answer.returncode:
            raise SystemExit(f"{name} failed:\n{answer.stderr[-4000:]}")
        found: Figures = json.loads(answer.stdout.strip().splitlines()[-1])
        print(f"      {name}: {told(found)}", flush=True)
        return found

    def pairs(self, one: str, other: str) -> tuple[list[Figures], list[Figures]]:
        """Both pieces of work in turn."""
        found = [(self.work(one), self.work(other)) for _ in range(self.size.pairs)]
        return [pair[0] for pair in found], [pair[1] for pair in found]

    def pull(self) -> Iterator[Line]:
        """The first pull, against bare fetching and a bare bulk_create."""
        bare, pulled = self.pairs("bare_fetch", "first_pull")
        inserted = [self.work("bare_insert") for _ in range(self.size.pairs)]
        rows = pulled[0]["rows"]
        yield Line(
            f"first pull of {rows:,} partners : bare fetch, wall",
            ratio(pulled, bare, "wall"),
            1.25,
            f"{median_of(pulled, 'wall'):.1f} s : {median_of(bare, 'wall'):.1f} s",
        )
        yield Line(
            "first pull : bare bulk_create of the same rows, CPU",
            ratio(pulled, inserted, "cpu"),
            2,
            f"{median_of(pulled, 'cpu'):.1f} s : {median_of(inserted, 'cpu'):.1f} s",
        )

    def push(self) -> Iterator[Line]:
        """The push of new leads, against bare loads."""
        bare, pushed = self.pairs("bare_loads", "push")
        yield Line(
            f"push of {pushed[0]['rows']:,} new leads : bare loads, wall",
            ratio(pushed, bare, "wall"),
            1.15,
            f"{median_of(pushed, 'wall'):.1f} s : {median_of(bare, 'wall'):.1f} s",
        )
        calls = -(-self.size.leads // 200) + -(-self.size.leads // 1000)
        yield Line("calls of that push", median_of(pushed, "calls"), calls, f"{bare[0]['calls']} loads")

    def idle(self) -> Iterator[Line]:
        """A poll when nothing changed."""
        found = self.work("idle_poll", ODOO_OVERLAP_SECONDS="10")
        asked = f"{found['calls']} calls for {found['models']} models"
        yield Line("calls per model of an idle poll", found["most"], 1, asked)
        yield Line("business and binding rows written by it", found["rows_written"], 0, "")

    def comparison(self) -> Iterator[Line]:
        """The comparison of all ids, against the bare search for them."""
        found = self.work("compare_ids", BENCH_PAIRS=str(self.size.pairs))
        yield Line(
            f"comparison of {found['ids']:,} ids : bare id search, wall",
            found["ratio"],
            3,
            f"{found['wall']:.2f} s : {found['bare']:.2f} s",
        )


def growth(env: Mapping[str, str], size: Size) -> Iterator[Line]:
    """CPU and peak memory per row must not grow with the number of rows."""
    found: list[Figures] = []
    for rows in size.growth:
        with sandbox(rows, pace=False) as odoo:
            bench = Bench({**env, **odoo}, size)
            runs = [bench.work("first_pull") for _ in range(min(3, size.pairs))]
            found.append(
                {"cpu": median_of(runs, "cpu"), "peak_mib": median_of(runs, "peak_mib"), "rows": runs[0]["rows"]}
            )
    few, many = found
    label = f"{many['rows']:,} : {few['rows']:,} partners"
    yield Line(
        f"CPU per row, {label}",
        (many["cpu"] / many["rows"]) / (few["cpu"] / few["rows"]),
        1.15,
        f"{many['cpu'] / many['rows'] * 1e6:.0f} µs : {few['cpu'] / few['rows'] * 1e6:.0f} µs",
    )
    yield Line(
        f"peak memory per row, {label}",
        (many["peak_mib"] / many["rows"]) / (few["peak_mib"] / few["rows"]),
        1.15,
        f"peaks {many['peak_mib']:.0f} MiB : {few['peak_mib']:.0f} MiB",
    )
