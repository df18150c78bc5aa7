"""Settings are read with care: order, empties, dollars, and a sentence for what makes no sense."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from django.core.exceptions import ImproperlyConfigured

from config import env


def test_a_value_is_taken_as_it_stands(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ODOO_API_KEY", "$ecret#1")
    assert env.text("ODOO_API_KEY") == "$ecret#1"


def test_an_empty_value_counts_as_not_set(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TIME_ZONE", "  ")
    assert env.text("TIME_ZONE", "UTC") == "UTC"


@pytest.mark.parametrize(("raw", "value"), [("yes", True), ("1", True), ("False", False), ("off", False), ("", True)])
def test_yes_and_no_have_many_spellings(monkeypatch: pytest.MonkeyPatch, raw: str, value: bool) -> None:
    monkeypatch.setenv("LOG_JSON", raw)
    assert env.truth("LOG_JSON", True) is value


@pytest.mark.parametrize(
    ("raw", "sentence"),
    [
        ("many", "ODOO_PAGE_SIZE must be a whole number, not 'many'."),
        ("3", "ODOO_PAGE_SIZE must lie between 50 and 5000, not 3."),
        ("5001", "ODOO_PAGE_SIZE must lie between 50 and 5000, not 5001."),
    ],
)
def test_a_number_out_of_place_is_named(monkeypatch: pytest.MonkeyPatch, raw: str, sentence: str) -> None:
    monkeypatch.setenv("ODOO_PAGE_SIZE", raw)
    with pytest.raises(ImproperlyConfigured) as raised:
        env.whole_number("ODOO_PAGE_SIZE", 1000, low=50, high=5000)
    assert str(raised.value) == sentence


def test_a_truth_that_is_none_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DEBUG", "perhaps")
    with pytest.raises(ImproperlyConfigured, match=r"DEBUG must be true or false, not 'perhaps'\."):
        env.truth("DEBUG", False)


def test_a_missing_secret_says_where_to_put_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SECRET_KEY", "")
    with pytest.raises(
        ImproperlyConfigured, match=r"SECRET_KEY is not set\. Put it into the environment or into \.env"
    ):
        env.secret("SECRET_KEY")


def test_a_list_loses_its_empty_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ODOO_WEBHOOK_KEYS", " one, ,two,")
    assert env.words("ODOO_WEBHOOK_KEYS") == ["one", "two"]


def test_a_file_sets_only_what_is_not_set_yet(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("TANDEM_PORT", "9001")
    monkeypatch.setenv("SANDBOX_PORT", "to be restored")
    monkeypatch.delenv("SANDBOX_PORT")
    (tmp_path / ".env").write_text("TANDEM_PORT=9002\nSANDBOX_PORT=9003\n")
    env.read_file(tmp_path / ".env")
    assert (os.environ["TANDEM_PORT"], os.environ["SANDBOX_PORT"]) == ("9001", "9003")


def test_a_missing_file_sets_nothing(tmp_path: Path) -> None:
    before = dict(os.environ)
    env.read_file(tmp_path / "nothing")
    assert dict(os.environ) == before
