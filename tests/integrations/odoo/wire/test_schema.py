"""Which fields exist: asked by name, kept for a while, asked again when Odoo refuses one."""

from __future__ import annotations

from collections.abc import Iterable

import pytest

from integrations.errors import FieldUnknown, IntegrationError, ModelUnknown, RightMissing, TransientError
from integrations.odoo.wire.results import FieldInfo
from integrations.odoo.wire.schema import Dropped, Schema, SchemaView
from integrations.odoo.wire.target import OdooTarget

WANTED = ("name", "mobile", "phone")


class FakeOdoo:
    """An Odoo whose models have these fields; `refused` ones ("*": all) fail the whole description."""

    def __init__(self, fields: Iterable[str], *, database: str = "db") -> None:
        self.target = OdooTarget("https://x.odoo.com", database, "bot", "key")
        self.fields = set(fields)
        self.refused: dict[str, IntegrationError] = {}
        self.asked: list[list[str]] = []

    def fields_get(self, model: str, names: Iterable[str]) -> dict[str, FieldInfo]:
        wanted = list(names)
        self.asked.append(wanted)
        for error in [self.refused[name] for name in ("*", *wanted) if name in self.refused]:
            raise error
        return {name: FieldInfo("char") for name in wanted if name in self.fields}


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def dropped() -> list[Dropped]:
    return []


@pytest.fixture
def schema(clock: Clock, dropped: list[Dropped]) -> Schema:
    return Schema(on_dropped=dropped.append, ttl_s=60, clock=clock)


def test_what_does_not_exist_is_dropped(schema: Schema) -> None:
    view = schema.fields_for(FakeOdoo({"name", "phone"}), "res.partner", WANTED)
    assert view == SchemaView(("name", "phone"), ("mobile",), {"name": FieldInfo("char"), "phone": FieldInfo("char")})


def test_only_named_fields_are_asked_for(schema: Schema) -> None:
    odoo = FakeOdoo({"name", "phone", "image_1920"})
    schema.fields_for(odoo, "res.partner", WANTED)
    assert odoo.asked == [list(WANTED)]


def test_the_answer_is_kept(schema: Schema) -> None:
    odoo = FakeOdoo({"name", "phone"})
    first = schema.fields_for(odoo, "res.partner", WANTED)
    assert schema.fields_for(odoo, "res.partner", WANTED) == first
    assert len(odoo.asked) == 1


def test_only_what_is_not_known_yet_is_asked_for(schema: Schema) -> None:
    odoo = FakeOdoo({"name", "phone", "email"})
    schema.fields_for(odoo, "res.partner", WANTED)
    view = schema.fields_for(odoo, "res.partner", ["email", "name"])
    assert view.present == ("email", "name")
    assert odoo.asked[1:] == [["email"]]


def test_an_old_answer_is_not_believed(schema: Schema, clock: Clock) -> None:
    odoo = FakeOdoo({"name"})
    schema.fields_for(odoo, "res.partner", WANTED)
    odoo.fields.add("mobile")
    clock.now += 61
    assert "mobile" in schema.fields_for(odoo, "res.partner", WANTED).present


def test_databases_and_models_are_told_apart(schema: Schema) -> None:
    one, other = FakeOdoo({"name"}), FakeOdoo({"mobile"}, database="other")
    assert schema.fields_for(one, "res.partner", WANTED).present == ("name",)
    assert schema.fields_for(other, "res.partner", WANTED).present == ("mobile",)
    schema.fields_for(one, "crm.lead", WANTED)
    assert len(one.asked) == 2


def test_each_missing_field_is_reported_once(schema: Schema, dropped: list[Dropped], clock: Clock) -> None:
    odoo = FakeOdoo({"name", "phone"})
    schema.fields_for(odoo, "res.partner", WANTED)
    clock.now += 61
    schema.fields_for(odoo, "res.partner", WANTED)
    assert [(line.model, line.field) for line in dropped] == [("res.partner", "mobile")]


def test_a_field_that_came_and_went_is_reported_again(schema: Schema, dropped: list[Dropped], clock: Clock) -> None:
    odoo = FakeOdoo({"name", "phone"})
    for fields in ({"name", "phone"}, set(WANTED), {"name", "phone"}):
        odoo.fields = fields
        schema.fields_for(odoo, "res.partner", WANTED)
        clock.now += 61
    assert [line.field for line in dropped] == ["mobile", "mobile"]


def test_invalid_field_refreshes(schema: Schema) -> None:
    """An administrator removed a field after it was asked for."""
    odoo = FakeOdoo(WANTED)
    schema.fields_for(odoo, "res.partner", WANTED)
    odoo.fields.discard("mobile")
    view = schema.without(odoo, FieldUnknown("no", field="mobile"), "res.partner", WANTED)
    assert (view.present, view.missing) == (("name", "phone"), ("mobile",))
    assert len(odoo.asked) == 2


def test_a_field_that_is_described_and_refused_is_left_out(schema: Schema, dropped: list[Dropped]) -> None:
    odoo = FakeOdoo(WANTED)
    view = schema.without(odoo, FieldUnknown("no", field="phone"), "res.partner", WANTED)
    assert view.missing == ("phone",)
    assert schema.fields_for(odoo, "res.partner", WANTED).missing == ("phone",)
    assert [line.field for line in dropped] == ["phone"]


def test_several_refused_fields_stay_out_until_the_answers_are_old(
    schema: Schema, dropped: list[Dropped], clock: Clock
) -> None:
    odoo = FakeOdoo(WANTED)
    schema.without(odoo, FieldUnknown("no", field="phone"), "res.partner", WANTED)
    view = schema.without(odoo, FieldUnknown("no", field="mobile"), "res.partner", WANTED)
    assert (view.present, view.missing) == (("name",), ("mobile", "phone"))
    assert [line.field for line in dropped] == ["phone", "mobile"]
    clock.now += 61
    assert schema.fields_for(odoo, "res.partner", WANTED).missing == ()


def test_one_field_that_fails_the_description_does_not_hide_the_others(schema: Schema, dropped: list[Dropped]) -> None:
    odoo = FakeOdoo(WANTED)
    odoo.refused["mobile"] = RightMissing("The Odoo user may not read it.")
    view = schema.fields_for(odoo, "res.partner", WANTED)
    assert (view.present, view.missing) == (("name", "phone"), ("mobile",))
    assert dropped == [Dropped("res.partner", "mobile", "The Odoo user may not read it.")]


@pytest.mark.parametrize("error", [ModelUnknown("no"), RightMissing("no"), TransientError("later")])
def test_a_model_that_cannot_be_asked_raises(schema: Schema, error: IntegrationError, dropped: list[Dropped]) -> None:
    odoo = FakeOdoo(WANTED)
    odoo.refused["*"] = error
    with pytest.raises(type(error)):
        schema.fields_for(odoo, "crm.lead", WANTED)
    assert dropped == []


def test_a_missing_model_is_not_asked_field_by_field(schema: Schema) -> None:
    odoo = FakeOdoo(WANTED)
    odoo.refused["*"] = ModelUnknown("no")
    with pytest.raises(ModelUnknown):
        schema.fields_for(odoo, "crm.lead", WANTED)
    assert len(odoo.asked) == 1


def test_forgetting_asks_again(schema: Schema) -> None:
    odoo = FakeOdoo(WANTED)
    schema.fields_for(odoo, "res.partner", WANTED)
    schema.forget(odoo, "res.partner")
    schema.fields_for(odoo, "res.partner", WANTED)
    assert len(odoo.asked) == 2


def test_what_is_connected_anew_is_asked_anew_and_may_give_what_it_refused(
    schema: Schema, dropped: list[Dropped]
) -> None:
    odoo, other = FakeOdoo(WANTED), FakeOdoo(WANTED, database="other")
    schema.fields_for(other, "res.partner", WANTED)
    schema.without(odoo, FieldUnknown("no", field="phone"), "res.partner", WANTED)
    schema.start_anew(odoo)
    assert schema.fields_for(odoo, "res.partner", WANTED).missing == ()
    schema.without(odoo, FieldUnknown("no", field="phone"), "res.partner", WANTED)
    assert [line.field for line in dropped] == ["phone", "phone"]
    schema.fields_for(other, "res.partner", WANTED)
    assert len(other.asked) == 1
