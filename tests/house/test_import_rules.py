"""The import contracts are kept by import-linter; here stands that they forget no module."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]
ALONE = {"integrations.odoo.sandbox", "integrations.odoo.faultproxy"}


@pytest.fixture(scope="module")
def contracts() -> dict[str, Any]:
    rules = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]
    return {contract["id"]: contract for contract in rules["contracts"]}


def modules(folder: str) -> set[str]:
    """The modules and packages directly in a folder, by their dotted names."""
    here = ROOT / folder
    names = {path.stem for path in here.glob("*.py")} | {path.parent.name for path in here.glob("*/__init__.py")}
    return {f"{folder.replace('/', '.')}.{name}" for name in names - {"__init__"}}


def named(contract: dict[str, Any]) -> set[str]:
    """What the layers of a contract name."""
    return {name for layer in contract["layers"] for name in re.split(r"\s*[:|]\s*", layer.strip())}


def test_the_layers_name_every_room_of_integrations(contracts: dict[str, Any]) -> None:
    assert named(contracts["layers"]) == modules("integrations") | {"config", "crm", "leads", "dialer"}


def test_the_layers_name_every_room_of_odoo(contracts: dict[str, Any]) -> None:
    assert {f"integrations.odoo.{name}" for name in named(contracts["odoo-rooms"])} == modules("integrations/odoo")


def test_the_sandbox_is_forbidden_every_module_of_the_project(contracts: dict[str, Any]) -> None:
    forbidden = set(contracts["sandbox-alone"]["forbidden_modules"])
    others = modules("integrations") | modules("integrations/odoo")
    assert forbidden == (others - ALONE - {"integrations.odoo"}) | {"config", "crm", "leads", "dialer"}
    assert set(contracts["sandbox-alone"]["source_modules"]) == ALONE


def test_every_top_level_package_is_watched() -> None:
    rules = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]
    packages = {path.parent.name for path in ROOT.glob("*/__init__.py")} - {"tests"}
    assert set(rules["root_packages"]) == packages
