"""Sandbox and fault proxy stand alone: no Django, no code of the client they are tested against."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[4]
LIST = "import sys, {0}.__main__; print('\\n'.join(sorted(sys.modules)))"


@pytest.mark.parametrize("package", ["integrations.odoo.sandbox", "integrations.odoo.faultproxy"])
def test_it_imports_nothing_of_the_project_but_itself(package: str) -> None:
    output = subprocess.run(
        [sys.executable, "-c", LIST.format(package)], cwd=ROOT, capture_output=True, text=True, check=True
    )
    modules = set(output.stdout.split())

    rooms = {name for name in modules if name.partition(".")[0] in {"config", "crm", "leads", "dialer", "integrations"}}
    parents = {"integrations", "integrations.odoo", package}
    assert {name for name in rooms if not name.startswith(f"{package}.")} == parents
    assert "django" not in modules
