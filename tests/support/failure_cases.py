"""What the tests of the failure cases share: their length, and looks at both sides."""

from __future__ import annotations

import os
from collections import Counter
from typing import Any

from django.contrib.contenttypes.models import ContentType

from crm.models import Country
from integrations.models import Binding
from tests.support.two_sides import TwoSides

FULL = bool(os.environ.get("FAULTS_FULL"))


def length(short: int, full: int) -> int:
    """How often something is played: in full with FAULTS_FULL=1."""
    return full if FULL else short


def dead_country(sides: TwoSides) -> Country:
    """A country that Odoo does not have any more: it names every row that points to it."""
    country = Country.objects.create(code="ZZ", name="Nowhere")
    Binding.objects.create(
        connection=sides.connection,
        remote_model="res.country",
        remote_id=999_999,
        content_type=ContentType.objects.get_for_model(Country),
        object_uuid=country.uuid,
        external_name=f"res_country_{country.uuid}",
        state=Binding.State.BOUND,
    )
    return country


def partners(sides: TwoSides, name: str) -> list[dict[str, Any]]:
    """Odoo's partners of this name, archived or not."""
    return [row for row in sides.control.dump("res.partner") if row["name"] == name]


def times(sides: TwoSides, model: str, names: list[str]) -> set[int]:
    """How often these names stand in Odoo: {1} when each stands once."""
    found = Counter(row["name"] for row in sides.control.dump(model, "name"))
    return {found[name] for name in names}
