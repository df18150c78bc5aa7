"""The version-drift report: held against the recordings, against a live database, on its page and as a command."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.test import Client

from crm.models import User
from integrations.errors import ConfigError
from integrations.models import Connection
from integrations.odoo.mappers import TWO_WAY
from integrations.odoo.setup.drift import report, targets
from integrations.odoo.setup.drift_facts import CHANGES
from tests.factories import UserFactory
from tests.support.two_sides import TwoSides

SignIn = Callable[[User], Client]
HERE = "/admin/sync/drift/"
WIRE = Path(__file__).resolve().parents[3] / "odoo_wire"
CASES = {"res.partner": "fields-get-partner", "crm.lead": "fields-get-lead"}


def recorded(series: int, model: str) -> set[str]:
    """The fields that a real Odoo of this series described."""
    case = json.loads((WIRE / f"odoo{series}" / "jsonrpc" / f"{CASES[model]}.json").read_text())
    return set(result_of(case))


def result_of(value: Any) -> dict[str, Any]:
    """The first `result` anywhere in a recording."""
    if isinstance(value, str) and '"result"' in value:
        return result_of(json.loads(value))
    if isinstance(value, dict) and isinstance(value.get("result"), dict):
        return dict(value["result"])
    parts = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return next((found for part in parts if (found := result_of(part))), {})


@pytest.mark.parametrize("model", CASES)
@pytest.mark.parametrize(("earlier", "later"), [(16, 18), (18, 19)])
def test_what_the_recordings_lost_is_told(model: str, earlier: int, later: int) -> None:
    lost = recorded(earlier, model) - recorded(later, model)
    told = {one.field for one in CHANGES if one.model == model and one.field and earlier < one.series <= later}
    assert told == lost


def titles(drift: Any) -> dict[str, str]:
    return {one.title: one.level for one in drift.findings}


@pytest.mark.django_db
def test_an_18_is_told_what_19_takes_away_and_how_many_records_it_meets(connected: TwoSides) -> None:
    connected.control.create("res.partner", name="Two numbers", mobile="+49 170 1")
    drift = report(connected.connection)
    assert (drift.series, drift.target) == (18, 19)
    found = {one.title: one for one in drift.findings}
    mobile = found["Odoo 19: Second phone number of a contact"]
    assert mobile.level == "warn"
    assert mobile.sentence.startswith("res.partner.mobile becomes phone.")
    assert mobile.sentence.endswith("Records with a value in it now: 1.")
    assert mobile.remedy
    assert found["What this rests on"].level == "ok"
    assert "Odoo 17: Webhooks" not in found


@pytest.mark.django_db
@pytest.mark.parametrize("series", [19])
def test_what_is_gone_already_is_not_told_again(connected: TwoSides) -> None:
    found = titles(report(connected.connection))
    assert not [title for title in found if "phone number" in title]
    assert found["What this rests on"] == "warn"


@pytest.mark.django_db
@pytest.mark.parametrize("series", [16])
def test_each_step_on_the_way_is_told_and_what_was_not_measured_too(connected: TwoSides) -> None:
    found = titles(report(connected.connection, 19))
    assert "Odoo 17: Webhooks" in found
    assert "Odoo 19: Second phone number of a lead" in found
    assert found["What this rests on"] == "warn"


@pytest.mark.django_db
@pytest.mark.parametrize("target", [18, 17, 99])
def test_only_a_later_series_can_be_compared(connected: TwoSides, target: int) -> None:
    with pytest.raises(ConfigError, match="Name a later series"):
        report(connected.connection, target)


def test_every_mapped_model_is_held_against_the_database() -> None:
    assert {one.model for one in CHANGES if one.field} - {"crm.stage"} <= {one.remote_model for one in TWO_WAY}
    assert targets(18) == [19, 20]


@pytest.mark.django_db
@pytest.mark.parametrize("address", ["/admin/sync/drift", HERE])
def test_the_page_compares_when_asked(address: str, connected: TwoSides, signed_in: SignIn, admin_user: User) -> None:
    client = signed_in(admin_user)
    connected.control.reset_counters()
    assert client.get(address).context["lines"] is None
    assert connected.control.counters()["calls"] == {}
    page = client.post(address, {"to": "19"}).content.decode()
    assert "From Odoo 18 to 19" in page
    assert "Second phone number of a contact" in page


@pytest.mark.django_db
@pytest.mark.parametrize("to", ["", "x", "18", "999999999999", "²"])
def test_a_strange_series_is_no_traceback(to: str, connected: TwoSides, signed_in: SignIn, admin_user: User) -> None:
    answer = signed_in(admin_user).post(HERE, {"to": to})
    assert answer.status_code == 200
    assert "Traceback" not in answer.content.decode()


@pytest.mark.django_db
def test_odoo_away_or_none_at_all_is_a_sentence(connected: TwoSides, signed_in: SignIn, admin_user: User) -> None:
    client = signed_in(admin_user)
    Connection.objects.update(url="http://127.0.0.1:1")
    assert client.post(HERE, {"to": "19"}).context["lines"] is None
    Connection.objects.update(state="off")
    assert "No Odoo is connected yet." in client.post(HERE, {"to": "19"}).content.decode()


@pytest.mark.django_db
@pytest.mark.parametrize(("role", "status"), [("admin", 200), ("sales_manager", 403), ("sales_user", 403)])
def test_only_admins_may_compare(role: str, status: int, signed_in: SignIn) -> None:
    assert signed_in(UserFactory.create(role=role)).get(HERE).status_code == status


@pytest.mark.django_db
def test_the_command_tells_it_line_by_line(connected: TwoSides) -> None:
    said = io.StringIO()
    call_command("odoo", "drift", "--to", "19", stdout=said)
    assert said.getvalue().startswith("From Odoo 18 to 19\n")
    assert "[warn] Odoo 19: Second phone number of a contact: res.partner.mobile becomes phone." in said.getvalue()
    with pytest.raises(CommandError, match="Name a later series"):
        call_command("odoo", "drift", "--to", "12")
