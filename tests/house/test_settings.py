"""Every setting is documented, and every documented setting exists."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
READERS = {"text", "truth", "whole_number", "words", "secret"}
# Read by shell, or by the conventions of terminals, not by Python of ours.
ELSEWHERE = {"PYTHON"}
NOT_OURS = {"NO_COLOR", "TERM", "DJANGO_SETTINGS_MODULE", "DJANGO_ALLOW_ASYNC_UNSAFE"}


def names_read() -> set[str]:
    """Each environment variable that a reader of config.env or os.environ is asked for by name."""
    found: set[str] = set()
    sources = [*ROOT.glob("config/**/*.py"), ROOT / "tests/__main__.py", ROOT / "tests/support/servers.py"]
    for folder in ("crm", "leads", "dialer", "integrations"):
        sources += [path for path in ROOT.glob(f"{folder}/**/*.py") if "sandbox" not in path.parts]
    for source in sources:
        for node in ast.walk(ast.parse(source.read_text())):
            if isinstance(node, ast.Call) and node.args and isinstance(node.args[0], ast.Constant):
                function = node.func
                by_reader = isinstance(function, ast.Name) and function.id in READERS
                by_get = isinstance(function, ast.Attribute) and ast.unparse(function) in (
                    "os.environ.get",
                    "os.getenv",
                    "env.str",
                    "env.bool",
                    "env.int",
                )
                if (by_reader or by_get) and re.fullmatch(r"[A-Z][A-Z0-9_]+", str(node.args[0].value)):
                    found.add(str(node.args[0].value))
    return found - NOT_OURS


def names_documented() -> set[str]:
    return set(re.findall(r"^\| `([A-Z][A-Z0-9_]+)`", (ROOT / "docs/settings.md").read_text(), re.M))


def test_every_setting_read_is_documented() -> None:
    assert names_read() - names_documented() == set()


def test_every_documented_setting_is_read() -> None:
    assert names_documented() - names_read() == ELSEWHERE


def test_the_reader_of_this_test_sees_the_settings() -> None:
    assert {"SECRET_KEY", "ODOO_URL", "ODOO_WEBHOOK_KEYS", "REDIS_URL", "TANDEM_PORT", "REQUIRE_ALL"} <= names_read()


@pytest.mark.parametrize("line", (ROOT / ".env.example").read_text().splitlines())
def test_the_example_file_sets_nothing_and_names_only_what_exists(line: str) -> None:
    assert line == "" or line.startswith("#")
    named = re.match(r"#([A-Z][A-Z0-9_]+)=", line)
    assert named is None or named[1] in names_documented() | {"POSTGRES_PASSWORD"}
