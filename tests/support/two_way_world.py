"""Two people at work, one here and one in Odoo, and what may be said afterwards about what they wrote.

Every value written is unique, so that a value can be followed: a value written here either arrives in Odoo or stands
on a Conflict row, and the other way round. `World.play` takes steps, small tuples of numbers that shrink well.
"""

from __future__ import annotations

import contextlib
import itertools
from collections.abc import Callable
from decimal import Decimal
from typing import Any

from django.core.exceptions import ValidationError
from django.db import models

from crm.models import Account, Contact, LostReason, Opportunity, Stage, Tag, User
from crm.services import accounts, contacts, pipeline, tags
from crm.services.customers import SHARED
from integrations.models import Binding, Conflict
from leads import conversion
from leads import services as leads
from leads.models import Lead
from tests.support.sandbox import ControlError
from tests.support.two_sides import TwoSides
from tests.support.two_way_compare import ADDRESS, FIELDS, canonical, owned_elsewhere

MARK = "§"
Step = tuple[str, int, int]

TEXTS: dict[str, Callable[[int], str]] = {
    "email": lambda n: f"e{n}@example.com",
    "phone": lambda n: f"+49 30 {n:07d}",
    "mobile": lambda n: f"+49 170 {n:07d}",
    "website": lambda n: f"{'' if n % 2 else 'https://'}w{n}.example.com",
    "description": lambda n: f"first {n}\nsecond <{n}> & more",
}


class World:
    """`steps` edit, create, archive, convert, flip, move, tag, and sync; see `STEPS`."""

    def __init__(self, sides: TwoSides, actor: User) -> None:
        self.sides = sides
        self.actor = actor
        self.count = itertools.count(1)
        self.written_here: dict[tuple[Any, str], Any] = {}
        self.written_there: dict[tuple[str, int, str], Any] = {}
        self.labels: dict[Any, str] = {}
        # People who changed the company, by uuid and by Odoo id: Odoo gave them the company's address meanwhile.
        self.moved: set[Any] = set()

    # --- the beginning ---

    def begin(self, records: int) -> None:
        """So many records, half made here and half in Odoo: companies, people, leads and opportunities."""
        for number in range(records // 2):
            self.step(("create_here", number, number))
            self.step(("create_there", number, number))

    def step(self, step: Step) -> None:
        """One step of one person, or a piece of the sync. What a service or Odoo refuses is simply not done."""
        kind, which, what = step
        if kind.endswith("_there"):
            self._forget_arrived_there()
            before = self._held_there()
            with contextlib.suppress(ControlError):
                getattr(self, kind)(which, what)
            self._forget_overwritten_there(before)
        elif kind.endswith("_here"):
            self._forget_arrived_here()
            with contextlib.suppress(ValidationError):
                getattr(self, kind)(which, what)
        else:
            getattr(self, kind)()

    # --- the sync ---

    def push(self) -> None:
        self.sides.let_wait_pass()
        self.sides.push()

    def poll(self) -> None:
        self.sides.pull()

    def settle(self) -> None:
        self.sides.settle()
        self.nothing_lost()

    # --- what is done here ---

    def _one_here(self, which: int, *tables: type[models.Model]) -> Any:
        found: list[Any] = []
        for table in tables:
            rows = table._default_manager.order_by("pk")
            if table is Contact:
                rows = rows.filter(moved_to=None)
            if table is Lead:
                rows = rows.filter(converted_at=None)
            found += rows
        if not found:
            raise ValidationError("nobody is there")
        return found[which % len(found)]

    def edit_here(self, which: int, what: int) -> None:
        obj = self._one_here(which, Account, Contact, Lead, Opportunity)
        fields = [one for one in FIELDS[obj._meta.label] if one.editable]
        one = fields[what % len(fields)]
        value = "" if what % 7 == 6 and one.local != "name" else self._value(one.local, one.kind)
        if one.kind == "number":
            value = Decimal(value or 0)
        self._update(obj, **{one.local: value})
        self._note_here(obj, one.remote, value)
        self._note_shared(obj, one.local)

    def _update(self, obj: Any, **values: Any) -> Any:
        service: Any = {
            "crm.Account": accounts.update_account,
            "crm.Contact": contacts.update_contact,
            "leads.Lead": leads.update_lead,
            "crm.Opportunity": pipeline.update_opportunity,
        }[obj._meta.label]
        return service(obj, actor=self.actor, **values)

    def create_here(self, which: int, what: int) -> None:
        number = next(self.count)
        name = f"{MARK}{number} {('firm', 'person', 'lead', 'deal')[which % 4]}"
        if which % 4 == 0:
            accounts.create_account(actor=self.actor, name=name, city=f"city {number}", email=f"f{number}@example.com")
        elif which % 4 == 1:
            account = self._one_here(what, Account) if what % 2 and Account.objects.exists() else None
            contacts.create_contact(actor=self.actor, name=name, account=account, email=f"p{number}@example.com")
        elif which % 4 == 2:
            leads.create_lead(
                actor=self.actor,
                name=name,
                contact_name=f"{MARK}{number} buyer",
                company_name=f"{MARK}{number} prospect" if what % 2 else "",
                email=f"l{number}@example.com",
                street=f"street {number}",
            )
        else:
            contact = self._one_here(what, Contact) if what % 2 and Contact.objects.exists() else None
            pipeline.create_opportunity(actor=self.actor, name=name, amount=Decimal(number), contact=contact)

    def archive_here(self, which: int, what: int) -> None:
        obj = self._one_here(which, Account, Contact, Lead, Opportunity)
        services: Any = {
            "crm.Account": (accounts.archive_account, accounts.restore_account),
            "crm.Contact": (contacts.archive_contact, contacts.restore_contact),
            "leads.Lead": (leads.archive_lead, leads.restore_lead),
            "crm.Opportunity": (pipeline.archive_opportunity, pipeline.restore_opportunity),
        }[obj._meta.label]
        services[1 if obj.archived_at else 0](obj, actor=self.actor)

    def lose_here(self, which: int, what: int) -> None:
        obj = self._one_here(which, Lead, Opportunity)
        reason = LostReason.objects.order_by("pk")[what % 3] if what % 2 else None
        lose: Any = leads.lose_lead if isinstance(obj, Lead) else pipeline.lose_opportunity
        reopen: Any = leads.reopen_lead if isinstance(obj, Lead) else pipeline.reopen_opportunity
        if obj.lost_at:
            reopen(obj, actor=self.actor)
        else:
            lose(obj, actor=self.actor, reason=reason)

    def convert_here(self, which: int, what: int) -> None:
        conversion.convert_lead(self._one_here(which, Lead), actor=self.actor)

    def move_here(self, which: int, what: int) -> None:
        obj = self._one_here(which, Account, Contact)
        target = None if what % 4 == 0 else self._one_here(what, Account)
        self.moved.add(obj.uuid)
        self._update(obj, **{"parent" if isinstance(obj, Account) else "account": target})

    def customer_here(self, which: int, what: int) -> None:
        obj = self._one_here(which, Lead, Opportunity)
        contact = self._one_here(what, Contact)
        self._update(obj, contact=contact, account=contact.account)

    def tag_here(self, which: int, what: int) -> None:
        obj = self._one_here(which, Account, Contact, Lead, Opportunity)
        chosen = [
            tags.get_or_create_tag(actor=self.actor, name=f"tag {number}") for number in range(5) if what >> number & 1
        ]
        self._update(obj, tags=chosen)

    def stage_here(self, which: int, what: int) -> None:
        obj = self._one_here(which, Opportunity)
        if what % 3 == 0:
            self._update(obj, probability=Decimal(1 + what % 98))
        else:
            stages = list(Stage.objects.filter(is_lost=False).order_by("pk"))
            self._update(obj, stage=stages[what % len(stages)])

    # --- what is done in Odoo, by the administrator ---

    def _call(self, model: str, method: str, *args: Any, **kwargs: Any) -> Any:
        return self.sides.control.call(model, method, *args, **kwargs)

    def _one_there(self, which: int, model: str, *more: Any) -> dict[str, Any]:
        found = self._call(
            model,
            "search_read",
            [["name", "like", MARK], *more],
            [*(("is_company", "parent_id") if model == "res.partner" else ("type", "partner_id")), "active"],
            order="id",
            context={"active_test": False},
            load="",
        )
        if not found:
            raise ControlError("nobody is there")
        one: dict[str, Any] = found[which % len(found)]
        return one

    def edit_there(self, which: int, what: int) -> None:
        model = "crm.lead" if which % 3 == 0 else "res.partner"
        row = self._one_there(which, model)
        label = (
            ("leads.Lead" if row["type"] == "lead" else "crm.Opportunity")
            if model == "crm.lead"
            else ("crm.Account" if row["is_company"] else "crm.Contact")
        )
        fields = [one for one in FIELDS[label] if one.editable and one.exists_in(self.sides.odoo.series)]
        one = fields[what % len(fields)]
        value: Any = False if what % 7 == 6 and one.local != "name" else self._value(one.local, one.kind)
        if one.kind == "number":
            value = float(value or 0)
        self.sides.control.write(model, [row["id"]], **{one.remote: value})
        if value:
            self.written_there[model, row["id"], one.remote] = canonical(one, value)
        else:
            self.written_there.pop((model, row["id"], one.remote), None)

    def create_there(self, which: int, what: int) -> None:
        number = next(self.count)
        name = f"{MARK}{number} {('firm', 'person', 'lead', 'deal')[which % 4]}"
        if which % 4 == 0:
            self.sides.control.create(
                "res.partner", name=name, is_company=True, street=f"street {number}", email=f"f{number}@example.com"
            )
        elif which % 4 == 1:
            parent = False
            if what % 2:
                with contextlib.suppress(ControlError):
                    parent = self._one_there(what, "res.partner")["id"]
            self.sides.control.create("res.partner", name=name, parent_id=parent, email=f"p{number}@example.com")
        else:
            self.sides.control.create(
                "crm.lead",
                name=name,
                type="lead" if which % 4 == 2 else "opportunity",
                contact_name=f"{MARK}{number} buyer",
                partner_name=f"{MARK}{number} prospect" if what % 2 else False,
                email_from=f"l{number}@example.com",
                city=f"city {number}",
            )

    def archive_there(self, which: int, what: int) -> None:
        model = "crm.lead" if which % 3 == 0 else "res.partner"
        row = self._one_there(which, model)
        self._call(model, "action_archive" if row["active"] else "action_unarchive", [row["id"]])

    def lose_there(self, which: int, what: int) -> None:
        row = self._one_there(which, "crm.lead")
        if row["active"]:
            self._call("crm.lead", "action_set_lost", [row["id"]])
        else:
            self.sides.control.write("crm.lead", [row["id"]], active=True, probability=10.0)

    def convert_there(self, which: int, what: int) -> None:
        lead = self._one_there(which, "crm.lead", ["type", "=", "lead"])["id"]
        context = {"active_model": "crm.lead", "active_id": lead, "active_ids": [lead]}
        values = {"name": "convert", "action": "create" if what % 3 else "nothing", "lead_id": lead}
        wizard = self._call("crm.lead2opportunity.partner", "create", values, context=context)
        self._call("crm.lead2opportunity.partner", "action_apply", [wizard], context=context)

    def move_there(self, which: int, what: int) -> None:
        row = self._one_there(which, "res.partner")
        companies = [["is_company", "=", True], ["id", "!=", row["id"]]]
        parent = False if what % 4 == 0 else self._one_there(what, "res.partner", *companies)["id"]
        self.moved.add(row["id"])
        self.sides.control.write("res.partner", [row["id"]], parent_id=parent)

    def customer_there(self, which: int, what: int) -> None:
        row = self._one_there(which, "crm.lead")
        partner = False if what % 4 == 0 else self._one_there(what, "res.partner")["id"]
        self.sides.control.write("crm.lead", [row["id"]], partner_id=partner)

    def flip_there(self, which: int, what: int) -> None:
        row = self._one_there(which, "res.partner")
        self.sides.control.write("res.partner", [row["id"]], is_company=not row["is_company"])

    def tag_there(self, which: int, what: int) -> None:
        model = "crm.lead" if which % 2 else "res.partner"
        tag_model = "crm.tag" if model == "crm.lead" else "res.partner.category"
        chosen = []
        for number in range(5):
            if what >> number & 1:
                found = self._call(tag_model, "search", [["name", "=", f"tag {number}"]])
                chosen.append(found[0] if found else self.sides.control.create(tag_model, name=f"tag {number}"))
        row = self._one_there(which, model)
        field = "tag_ids" if model == "crm.lead" else "category_id"
        self.sides.control.write(model, [row["id"]], **{field: [[6, 0, chosen]]})

    def stage_there(self, which: int, what: int) -> None:
        row = self._one_there(which, "crm.lead", ["type", "=", "opportunity"])
        if what % 3 == 0:
            self.sides.control.write("crm.lead", [row["id"]], probability=float(1 + what % 98))
        else:
            stages = self._call("crm.stage", "search", [])
            self.sides.control.write("crm.lead", [row["id"]], stage_id=stages[what % len(stages)])

    # --- following what was written ---

    def _value(self, name: str, kind: str) -> Any:
        number = next(self.count)
        if kind == "number":
            return f"{number}.25"
        return TEXTS.get(name, lambda n: f"{MARK}{name} {n}")(number)

    def _note_here(self, obj: Any, remote: str, value: Any) -> None:
        key = (obj.uuid, remote)
        one = next(one for one in FIELDS[obj._meta.label] if one.remote == remote)
        self.written_here.pop(key, None)
        if value:
            self.written_here[key] = canonical(one, value)
            self.labels[obj.uuid] = obj._meta.label

    def _note_shared(self, obj: Any, name: str) -> None:
        """The e-mail and phone of a lead or deal were written over those of its customer, too."""
        customer = obj.contact or obj.account if isinstance(obj, Lead | Opportunity) else None
        if customer is None or customer.archived_at or name not in SHARED:
            return
        customer.refresh_from_db()
        shared = next(one for one in FIELDS[customer._meta.label] if one.local == name)
        self._note_here(customer, shared.remote, getattr(customer, name))

    def _rows_there(self, model: str) -> dict[int, dict[str, Any]]:
        return {row["id"]: row for row in self.sides.control.dump(model)}

    def _counterparts(self) -> list[tuple[tuple[Any, str], Any, Any, dict[str, Any]]]:
        """What was written here with its field and the row in Odoo; what is not in Odoo yet is left out."""
        rows = {model: self._rows_there(model) for model in ("res.partner", "crm.lead")}
        found = []
        for key, value in self.written_here.items():
            object_uuid, remote = key
            lead = Lead.objects.filter(uuid=object_uuid).select_related("converted_opportunity").first()
            bound_uuid = lead.converted_opportunity.uuid if lead and lead.converted_opportunity else object_uuid
            binding = Binding.objects.filter(object_uuid=bound_uuid, remote_id__isnull=False).first()
            row = rows[binding.remote_model].get(binding.remote_id or 0) if binding else None
            if row is not None:
                one = next(one for one in FIELDS[self.labels[object_uuid]] if one.remote == remote)
                found.append((key, one, value, row))
        return found

    def _forget_arrived_there(self) -> None:
        """What stands in Odoo has arrived: what happens to it there from now on is no loss."""
        if self.written_here:
            for key, one, value, row in self._counterparts():
                if canonical(one, row.get(one.remote)) == value:
                    del self.written_here[key]

    def _held_there(self) -> set[tuple[str, int, str]]:
        return {key for key in self.written_there if self._stands_there(key)}

    def _stands_there(self, key: tuple[str, int, str]) -> bool:
        model, remote_id, remote = key
        row = self._call(model, "read", [remote_id], [remote], load="")
        one = next(one for fields in FIELDS.values() for one in fields if one.remote == remote)
        return bool(row) and canonical(one, row[0][remote]) == self.written_there[key]

    def _forget_overwritten_there(self, before: set[tuple[str, int, str]]) -> None:
        """What Odoo itself, or its user, has overwritten there was not lost by the sync."""
        for key in before:
            if key in self.written_there and not self._stands_there(key):
                del self.written_there[key]

    def _forget_arrived_here(self) -> None:
        for key, value in list(self.written_there.items()):
            if self._value_here(key) == value:
                del self.written_there[key]

    def _value_here(self, key: tuple[str, int, str]) -> Any:
        model, remote_id, remote = key
        binding = Binding.objects.filter(remote_model=model, remote_id=remote_id).first()
        if binding is None:
            return None
        table: Any = binding.content_type.model_class()
        obj = table._default_manager.get(uuid=binding.object_uuid)
        one = next((one for one in FIELDS[obj._meta.label] if one.remote == remote), None)
        return canonical(one, getattr(obj, one.local)) if one else None

    # --- what must be true ---

    def nothing_lost(self) -> None:
        """Every value written since it was last seen on the other side is there now, or stands on a Conflict row."""
        for key, one, value, row in self._counterparts():
            lacking = not one.exists_in(self.sides.odoo.series)
            if lacking or owned_elsewhere(one, row) or self._address_of_moved(one, row):
                continue
            arrived = canonical(one, row.get(one.remote)) == value
            assert arrived or self._kept("here", one, value), f"{key} {value!r} written here is lost; Odoo: {row}"
        for key, value in self.written_there.items():
            model, remote_id, remote = key
            row = self._rows_there(model)[remote_id]
            one = next(one for fields in FIELDS.values() for one in fields if one.remote == remote)
            here = self._value_here(key)
            if here is None or owned_elsewhere(one, row) or self._address_of_moved(one, row):
                continue
            assert here == value or self._kept("odoo", one, value), f"{key} {value!r} written in Odoo is lost: {here!r}"
        self.written_here.clear()
        self.written_there.clear()

    def _address_of_moved(self, one: Any, row: dict[str, Any]) -> bool:
        if one.remote not in ADDRESS or "is_company" not in row:
            return False
        binding = Binding.objects.filter(remote_model="res.partner", remote_id=row["id"]).first()
        return row["id"] in self.moved or (binding is not None and binding.object_uuid in self.moved)

    def _kept(self, side: str, one: Any, value: Any) -> bool:
        kept = Conflict.objects.filter(field=one.remote).values_list(side, flat=True)
        return any(canonical(one, lost) == value for lost in kept)


STEPS = (
    *(["edit_here"] * 6),
    *(["edit_there"] * 6),
    *("create_here", "archive_here", "lose_here", "convert_here", "move_here", "tag_here", "stage_here"),
    *("create_there", "archive_there", "lose_there", "convert_there", "move_there", "tag_there", "stage_there"),
    *("customer_here", "customer_there", "flip_there"),
    *(["push"] * 2),
    *(["poll"] * 2),
    "settle",
)

__all__ = ["STEPS", "Step", "Tag", "World"]
