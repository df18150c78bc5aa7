"""What a page of the workspace loads, as a browser receives it: gzipped."""

from __future__ import annotations

import gzip
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
STATIC = re.compile(r"{% static '([^']+\.(?:css|js))' %}")
PAGES = sorted(path.name for path in (ROOT / "templates/workspace").glob("[!_]*.html"))
BASE = ROOT / "templates/workspace/base.html"
MOST, OWN = 160 * 1024, 30 * 1024


def weights(page: str) -> dict[str, int]:
    """The bytes of every style sheet and script of a page, its frame included."""
    texts = BASE.read_text() + (ROOT / "templates/workspace" / page).read_text()
    return {name: len(gzip.compress((ROOT / "static" / name).read_bytes(), 9)) for name in set(STATIC.findall(texts))}


@pytest.mark.parametrize("page", PAGES)
def test_a_page_weighs_at_most_160_kilobytes_30_of_them_our_own(page: str) -> None:
    loaded = weights(page)
    own = {name: size for name, size in loaded.items() if name.startswith("tandem/")}

    assert {"vendor/tabler/tabler.min.css", "tandem/workspace.css"} <= loaded.keys()
    assert sum(loaded.values()) <= MOST, loaded
    assert sum(own.values()) <= OWN, own
