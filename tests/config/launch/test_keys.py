"""Secrets are made once, kept, and readable by their owner alone."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest
from cryptography.fernet import Fernet

from config.launch import keys


@pytest.fixture(autouse=True)
def _nothing_set(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in keys.MADE_HERE:
        monkeypatch.setenv(name, "")


def values(path: Path) -> dict[str, str]:
    return dict(line.split("=", 1) for line in path.read_text().splitlines() if not line.startswith("#"))


def test_what_is_missing_is_made_and_kept(tmp_path: Path) -> None:
    file = tmp_path / "var" / "secrets.env"
    assert keys.complete(file) == ["SECRET_KEY", "FIELD_ENCRYPTION_KEYS", "ODOO_WEBHOOK_KEYS"]
    assert set(values(file)) == set(keys.MADE_HERE)
    assert len(values(file)["SECRET_KEY"]) >= 50


def test_only_the_owner_may_read_them(tmp_path: Path) -> None:
    keys.complete(tmp_path / "secrets.env")
    assert stat.S_IMODE((tmp_path / "secrets.env").stat().st_mode) == 0o600


def test_what_the_operator_set_is_neither_made_nor_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SECRET_KEY", "from the operator")
    keys.complete(tmp_path / "secrets.env")
    assert "SECRET_KEY" not in values(tmp_path / "secrets.env")


def test_a_second_time_makes_nothing(tmp_path: Path) -> None:
    keys.complete(tmp_path / "secrets.env")
    before = (tmp_path / "secrets.env").read_bytes()
    assert keys.complete(tmp_path / "secrets.env") == []
    assert (tmp_path / "secrets.env").read_bytes() == before


def test_a_key_added_later_joins_the_others(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ODOO_WEBHOOK_KEYS", "set elsewhere")
    keys.complete(tmp_path / "secrets.env")
    first = values(tmp_path / "secrets.env")
    monkeypatch.setenv("ODOO_WEBHOOK_KEYS", "")
    assert keys.complete(tmp_path / "secrets.env") == ["ODOO_WEBHOOK_KEYS"]
    assert values(tmp_path / "secrets.env").items() > first.items()


def test_the_encryption_key_is_one_that_fernet_takes() -> None:
    cipher = Fernet(keys.fernet_key())
    assert cipher.decrypt(cipher.encrypt(b"key")) == b"key"
