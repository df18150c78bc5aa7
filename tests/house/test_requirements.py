"""Each library is needed, each import is covered, and no pin depends on one registry."""

from __future__ import annotations

import ast
import re
import sys
from importlib.metadata import packages_distributions
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
OURS = {"config", "crm", "leads", "dialer", "integrations", "tests"}
# Started by name rather than imported: a server, a database driver, type stubs and pytest plugins.
NOT_IMPORTED = {
    "gunicorn",
    "psycopg",
    "redis",
    "import-linter",
    "mypy",
    "ruff",
    "django-stubs",
    "djangorestframework-stubs",
    "pytest-django",
    "pytest-xdist",
    "pytest-httpserver",
    "types-pyyaml",
}
LOCKED = re.compile(r"[a-z0-9][a-z0-9._-]*(\[[a-z,]+\])?==[0-9][0-9a-z.]*( ; .+)?")


def normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def asked_for(file: str) -> set[str]:
    """The libraries named in a requirements/*.in."""
    lines = (ROOT / "requirements" / file).read_text().splitlines()
    return {normal(re.split(r"[\[=]", line)[0]) for line in lines if line and line[0] not in "#-"}


def imported_by(*folders: str) -> set[str]:
    """The libraries that the code of some folders imports; one that is not installed is told as unknown."""
    names: set[str] = set()
    for folder in folders:
        for path in (ROOT / folder).rglob("*.py"):
            for node in ast.walk(ast.parse(path.read_text())):
                if isinstance(node, ast.Import):
                    names |= {alias.name.split(".")[0] for alias in node.names}
                elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
                    names.add(node.module.split(".")[0])
    known = packages_distributions()
    foreign = names - OURS - set(sys.stdlib_module_names) - {"__future__"}
    return {normal(known[name][0]) for name in foreign if name in known} | {
        f"unknown: {name}" for name in foreign if name not in known
    }


def named_in_settings() -> set[str]:
    """The libraries that Django loads by name: apps, middleware, storage."""
    known = packages_distributions()
    tree = ast.parse((ROOT / "config/settings.py").read_text())
    strings = [node.value for node in ast.walk(tree) if isinstance(node, ast.Constant) and isinstance(node.value, str)]
    heads = {string.split(".")[0] for string in strings}
    return {normal(known[head][0]) for head in heads if head in known}


def pins(file: str) -> set[str]:
    lines = (ROOT / "requirements" / file).read_text().splitlines()
    return {normal(re.split(r"[\[=]", line)[0]) for line in lines}


def test_the_code_imports_nothing_that_is_not_asked_for() -> None:
    code = imported_by("config", "crm", "leads", "dialer", "integrations")
    # Parts of what is asked for that have a name of their own.
    parts = {"kombu", "httpcore2", "asgiref", "python-dateutil"}
    assert code - asked_for("runtime.in") - parts == set()


def test_nothing_is_asked_for_that_no_code_needs() -> None:
    code = imported_by("config", "crm", "leads", "dialer", "integrations") | named_in_settings()
    assert asked_for("runtime.in") - code - NOT_IMPORTED == set()
    tests = code | imported_by("tests")
    assert asked_for("dev.in") - tests - NOT_IMPORTED == set()


def test_every_line_of_the_pins_is_one_exact_version() -> None:
    for file in ("runtime.txt", "dev.txt"):
        for line in (ROOT / "requirements" / file).read_text().splitlines():
            assert LOCKED.fullmatch(line), f"{file}: {line}"


def test_what_is_asked_for_is_pinned() -> None:
    assert asked_for("runtime.in") <= pins("runtime.txt")
    assert asked_for("dev.in") <= pins("dev.txt")


def test_runtime_and_development_agree_on_shared_pins() -> None:
    both = [
        dict(line.split(" ;")[0].split("==") for line in (ROOT / "requirements" / file).read_text().splitlines())
        for file in ("runtime.txt", "dev.txt")
    ]
    assert {name for name in both[0].keys() & both[1].keys() if both[0][name] != both[1][name]} == set()
