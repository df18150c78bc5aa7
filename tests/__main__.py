"""`python -m tests [target …]`: all checks and tests that this machine can run; `make test` calls it.

What needs PostgreSQL, Redis or Chromium is left out with a word where these are missing. With REQUIRE_ALL=1, as in
CI, a missing part is an error, and so is a test that skips.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path

from tests.support import servers

ROOT = Path(__file__).resolve().parent.parent
STRICT = os.environ.get("REQUIRE_ALL") == "1"
CORES = os.cpu_count() or 1
# Tests that talk to an Odoo wait nearly half of their time: two a core keep the cores busy.
WORKERS = 2 * CORES
SQLITE = {"DATABASE_URL": "sqlite:///:memory:", "REDIS_URL": ""}
ELSEWHERE = ("bench", "browser", "postgres", "system")
# These talk to no database of ours: once, on SQLite, says it all.
NO_DATABASE = (
    "odoo/sandbox",
    "odoo/faultproxy",
    "odoo/wire/test_recordings.py",
    "odoo/wire/test_client.py",
    "odoo/wire/test_client_errors.py",
    "odoo/wire/test_schema.py",
    "odoo/setup/test_doctor.py",
    "network/test_http.py",
)
FAULTS = ["integrations/odoo/failure_cases"]
STORMS = ["system/test_fault_storm.py", "system/test_killed_at_each_step.py", "system/test_jobs_killed.py", "faults"]
LINT_IMPORTS = "import sys; from importlinter.cli import lint_imports_command; sys.exit(lint_imports_command())"
CHECKS = (
    ("ruff check", ["-m", "ruff", "check", "."]),
    ("ruff format", ["-m", "ruff", "format", "--check", "."]),
    ("mypy", ["-m", "mypy"]),
    ("import rules", ["-c", LINT_IMPORTS, "--no-logo"]),
    ("migrations", ["manage.py", "makemigrations", "--check", "--dry-run"]),
)


def run(title: str, arguments: list[str], env: Mapping[str, str] = {}) -> bool:
    """Run one Python command in the repository with its output on the terminal; whether it succeeded."""
    print(f"\n── {title} ──", flush=True)
    started = time.monotonic()
    settings = {"DJANGO_SETTINGS_MODULE": "config.settings_test"}
    code = subprocess.run([sys.executable, *arguments], cwd=ROOT, env={**os.environ, **settings, **env}).returncode
    if code:
        print(f"✗ {title} failed after {time.monotonic() - started:.0f} s", flush=True)
    return code == 0


def pytest(
    title: str,
    folders: list[str],
    env: Mapping[str, str],
    *,
    workers: int = 1,
    ignore: Sequence[str] = (),
) -> bool:
    """Run pytest over folders of tests/; with REQUIRE_ALL=1 a skip is a failure."""
    options = ["-p", "tests.support.no_skips"] if STRICT else []
    options += ["-n", str(workers), "--dist", "worksteal"] if workers > 1 else []
    options += [f"--ignore=tests/integrations/{name}" for name in ignore]
    present = [f"tests/{folder}" for folder in folders]
    return run(title, ["-m", "pytest", *options, *present], env)


def here() -> list[str]:
    """The test folders, and files beside them, that need nothing but Python and SQLite."""
    return sorted(
        path.name
        for path in (ROOT / "tests").iterdir()
        if path.name not in ELSEWHERE and (path.match("test_*.py") or next(path.rglob("test_*.py"), None))
    )


def lint() -> bool:
    """All checks, also after the first that fails: one look shows all there is to mend."""
    return not [title for title, command in CHECKS if not run(title, command)]


def unit() -> bool:
    return pytest("Tests on SQLite", here(), SQLITE, workers=WORKERS)


def with_servers(work: Callable[[dict[str, str]], bool]) -> bool:
    """Do `work` with the addresses of PostgreSQL and Redis; leave it out where one is missing."""
    with ExitStack() as stack:
        try:
            database, redis = stack.enter_context(servers.postgres()), stack.enter_context(servers.redis())
        except servers.Missing as missing:
            return left_out("The tests on PostgreSQL and Redis", missing)
        addresses = {"TEST_DATABASE_URL": database, "TEST_REDIS_URL": redis}
        return work({**addresses, "DATABASE_URL": database, "REDIS_URL": redis})


def on_postgres() -> bool:
    folders = [folder for folder in here() if folder not in ("house", "config")]
    title = "Tests on PostgreSQL and Redis"
    return with_servers(
        lambda env: pytest(
            title, [*folders, "postgres"], {**env, "ONE_SERIES": "18"}, workers=WORKERS, ignore=NO_DATABASE
        )
    )


def browser() -> bool:
    return with_browser(["browser"], "Browser tests", workers=CORES)


def system() -> bool:
    # One at a time: two houses at once on two cores run into the time that people would wait.
    return with_browser(["system"], "Whole processes")


def with_browser(folders: list[str], title: str, *, workers: int = 1) -> bool:
    """Run folders of tests that need Chromium; leave them out where it is missing."""
    try:
        env = {**SQLITE, "CHROMIUM": servers.find_browser()}
    except servers.Missing as missing:
        return left_out(title, missing)
    return pytest(title, folders, env, workers=workers)


def left_out(title: str, missing: servers.Missing) -> bool:
    """Say that something was not run, and how it would be; a failure only where all is required."""
    print(f"\n── {title}: left out. Missing: {missing}.", flush=True)
    left.append(title)
    return not STRICT


def faults() -> bool:
    """The failure cases on both databases, and real processes under faults; in full with FAULTS_FULL=1."""
    title = "Failure cases on PostgreSQL and Redis"
    held = [
        pytest("Failure cases on SQLite", FAULTS, SQLITE, workers=WORKERS),
        with_servers(lambda env: pytest(title, FAULTS, env, workers=WORKERS)),
        pytest("Real processes under faults", STORMS, SQLITE),
    ]
    return all(held)


left: list[str] = []
TARGETS = {
    "test-lint": lint,
    "test-postgres": on_postgres,
    "test-browser": browser,
    "test-system": system,
    "test-unit": unit,
}
# Only when named: these are part of the others, or last long.
MORE = {"test-faults": faults}


def main(names: list[str]) -> int:
    """Run the targets, all when none is named; 0 when nothing failed."""
    failed = [name for name in names or TARGETS if not (TARGETS | MORE)[name]()]
    if failed:
        print(f"\nFailed: {', '.join(failed)}.", flush=True)
    elif left:
        print(f"\nAll that ran passed. Left out: {'; '.join(left)}. See above for what to install.", flush=True)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
