"""The top level is the one its owner fixed, and no file knows one machine or one registry."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
TOP = {
    "manage.py",
    "pyproject.toml",
    "config",
    "crm",
    "integrations",
    "leads",
    "dialer",
    "templates",
    "static",
    "tests",
    "README.md",
    "CHANGELOG.md",
    "LICENSE",
    "Makefile",
    "compose.yaml",
    "Dockerfile",
    "docs",
    "requirements",
    ".env.example",
    ".ci",
    ".dockerignore",
    ".gitignore",
}
REGISTRIES = ("pypi" + ".org", "python" + "hosted.org", "npm" + "js.org")
HOMES = re.compile(r"/(?:root|home/[a-z]\w*|Users/[A-Za-z]\w*)/")


def tracked() -> list[Path]:
    """What git tracks or would track, without recordings and vendored files."""
    names = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    ).stdout.splitlines()
    foreign = ("tests/odoo_wire/", "static/vendor/")
    return [ROOT / name for name in names if not name.startswith(foreign) and (ROOT / name).is_file()]


def texts() -> list[tuple[Path, str]]:
    """Each tracked text file but this one, with what it holds."""
    kinds = {".py", ".md", ".toml", ".txt", ".in", ".yaml", ".html", ".js", ".css", ".sh", ".example", ""}
    files = [path for path in tracked() if path.suffix in kinds and path != Path(__file__)]
    return [(path.relative_to(ROOT), path.read_text()) for path in files]


def test_the_top_level_is_the_one_agreed() -> None:
    assert {path.relative_to(ROOT).parts[0] for path in tracked()} <= TOP


def test_no_file_names_a_registry() -> None:
    assert [path for path, text in texts() if any(host in text for host in REGISTRIES)] == []


def test_no_file_names_a_path_of_somebodys_machine() -> None:
    assert [(path, found[0]) for path, text in texts() if (found := HOMES.search(text))] == []


def test_every_room_says_what_happens_in_it() -> None:
    packages = [
        path for path, _ in texts() if path.name == "__init__.py" and path.parts[0] in ("config", "integrations")
    ]
    silent = [path for path in packages if not (ROOT / path).read_text().strip().startswith('"""')]
    assert [path for path in silent if not {"migrations", "management", "commands"} & set(path.parts)] == []


def test_links_between_documents_lead_somewhere() -> None:
    broken = []
    for path, text in texts():
        if path.suffix == ".md":
            for target in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", text):
                if not (ROOT / path.parent / target).exists():
                    broken.append((path, target))
    assert broken == []


def test_a_comment_of_a_template_ends_on_its_line() -> None:
    """Django shows a `{# … #}` of two lines to everybody."""
    open_ended = [
        f"{path.relative_to(ROOT)}:{number}"
        for path in tracked()
        if path.suffix == ".html"
        for number, line in enumerate(path.read_text().splitlines(), 1)
        if line.count("{#") != line.count("#}")
    ]
    assert open_ended == []
