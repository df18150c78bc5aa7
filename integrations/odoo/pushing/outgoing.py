"""What a `load` row says: the cells of a new record, and of the changes of a known one."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from integrations.models import OutboxMessage
from integrations.odoo.applying.report import Applied
from integrations.odoo.mappers import NounMap
from integrations.odoo.mappers.crm_lead import (
    ADDRESS_COLUMNS,
    CONTACT_COLUMNS,
    OURS,
    Customer,
    LeadSource,
    PipelineStage,
    Probability,
    Standing,
)
from integrations.odoo.mappers.custom import Custom
from integrations.odoo.mappers.kinds import Direction, Field, Json, NameRef, Ref, TagRefs, Unresolved
from integrations.odoo.mappers.refs import RefIndex
from integrations.odoo.mappers.res_partner import Above
from integrations.odoo.merge import of_company, of_customer
from integrations.odoo.pulling.references import make_name
from integrations.odoo.wire.session import Session

CONFLICTS_TOGETHER = 3


@dataclass
class Line:
    """One row of a `load` call: whose it is, its cells by column, and what it says of which field.

    `before`: what Odoo held of these fields when they were read, as values here.
    """

    message: OutboxMessage
    binding: Any
    obj: Any
    noun: NounMap
    cells: dict[str, str] = field(default_factory=dict)
    sent: dict[Field, Json] = field(default_factory=dict)
    before: dict[Field, Json] = field(default_factory=dict)

    @property
    def suspect(self) -> bool:
        """Whether it goes alone: Odoo has refused it, or it may be the one that others conflict with (rule 7)."""
        return self.message.refusals > 0 or self.message.conflicts >= CONFLICTS_TOGETHER

    def put(self, one: Field, here: Json, refs: RefIndex) -> None:
        """Add a field, unless what it points to has no counterpart in Odoo."""
        cells = one.cells(here, refs, self.obj)
        if not isinstance(cells, Unresolved):
            self.cells.update(cells)
            self.sent[one] = here


def needs(noun: NounMap, obj: Any, fields: Iterable[Field], refs: RefIndex) -> list[tuple[str, Any]]:
    """Two-way records that these fields point to and that have no Odoo id yet: (Odoo model, key here)."""
    missing: list[tuple[str, Any]] = []
    for one in fields:
        here = one.read(obj)
        if isinstance(one, Above):
            if here is not None and refs.remote(one.model, f"account:{here}") is None:
                missing.append((one.model, f"account:{here}"))
        elif isinstance(one, Customer):
            if here and refs.remote(one.model, here) is None:
                missing.append((one.model, here))
        elif isinstance(one, TagRefs):
            missing += [(one.model, key) for key in here if refs.remote(one.model, key) is None]
    return missing


def new_line(session: Session, message: OutboxMessage, binding: Any, obj: Any, noun: NounMap, refs: RefIndex) -> Line:
    """The row that makes a record: constants, company, and every field that has a value."""
    line = Line(message, binding, obj, noun, dict(noun.constants))
    if noun.remote_model == "crm.lead" and session.connection.company_id:
        line.cells["company_id/.id"] = str(session.connection.company_id)
    present = set(session.present(noun.remote_model))
    row = as_row(noun, obj)
    for one in noun.outgoing_fields():
        if not set(one.reads) <= present or of_company(one, obj, row) or of_customer(one, row):
            continue
        here = one.read(obj)
        if one.same(here, one.empty_here) and not (isinstance(one, Ref) and one.model == "res.users"):
            continue
        know_name(session, one, here, refs)
        line.put(one, here, refs)
    return line


def as_row(noun: NounMap, obj: Any) -> Mapping[str, Any]:
    """Who owns the shared fields of a record that Odoo does not have yet."""
    return {
        "parent_id": getattr(obj, "account_id", None) if noun.label == "crm.Contact" else None,
        "partner_id": getattr(obj, "contact_id", None) or getattr(obj, "account_id", None)
        if noun.remote_model == "crm.lead"
        else None,
    }


def change_line(
    session: Session,
    message: OutboxMessage,
    found: Applied,
    outgoing: Mapping[Field, Json],
    refs: RefIndex,
    *,
    unsaid: Collection[str] = (),
) -> Line:
    """The row that changes a known record: only what changed here and what Odoo must hear beside it.

    `unsaid`: columns that stay out, since they belong to a record that this one is tied to by the row.
    """
    line = Line(message, found.binding, found.obj, found.noun)
    for one, here in outgoing.items():
        if one.remote in unsaid:
            continue
        know_name(session, one, here, refs)
        line.put(one, here, refs)
    if any(isinstance(one, Customer) for one in line.sent):
        # partner_id alone would overwrite the contact columns and the whole address with the customer's.
        for column in (*CONTACT_COLUMNS, *ADDRESS_COLUMNS):
            if column not in unsaid and (value := found.row.get(column.partition("/")[0])):
                line.cells.setdefault(column, str(value))
    if any(isinstance(one, Standing) and here == "open" for one, here in line.sent.items()):
        chance = getattr(found.obj, "probability", None) or found.row.get("probability") or 10
        line.cells.setdefault("probability", str(chance))
        line.cells.setdefault("lost_reason_id/.id", "")
    return line


def know_name(session: Session, one: Field, here: Json, refs: RefIndex) -> None:
    """Look up, or make, the name in Odoo that this field is going to point to."""
    ours = isinstance(one, LeadSource) and here.startswith(OURS)
    if isinstance(one, NameRef) and one.make and here and not ours and refs.remote(one.model, here) is None:
        make_name(session, refs, one.model, here)


def batches(lines: Sequence[Line], *, size: int, max_bytes: int = 400_000) -> list[tuple[list[str], list[Line]]]:
    """Group rows by their columns and cut the groups; an empty cell would be a write, so rows are not padded.

    New records are padded by the caller before. Bodies stay under `max_bytes` of cells.
    """
    groups: dict[tuple[str, ...], list[Line]] = defaultdict(list)
    for line in lines:
        groups[tuple(sorted(line.cells))].append(line)
    found: list[tuple[list[str], list[Line]]] = []
    for columns, group in groups.items():
        part: list[Line] = []
        weight = 0
        for line in group:
            bytes_of_line = sum(len(cell.encode()) + 4 for cell in line.cells.values())
            if part and (len(part) == size or weight + bytes_of_line > max_bytes):
                found.append((list(columns), part))
                part, weight = [], 0
            part.append(line)
            weight += bytes_of_line
        found.append((list(columns), part))
    return found


NEVER_PADDED = (TagRefs, Customer, Above, PipelineStage, Probability, Standing, Custom)


def pad_new(lines: Sequence[Line]) -> None:
    """Give new records of one kind the same columns, so that they share calls.

    Only columns whose empty cell means what leaving them out means; records with a customer or a parent are left as
    they are, since Odoo fills their empty fields from there.
    """
    groups: dict[tuple[str, frozenset[str]], list[Line]] = defaultdict(list)
    for line in lines:
        own = frozenset(one.column for one in line.sent if isinstance(one, NEVER_PADDED))
        if not any(isinstance(one, Customer | Above) for one in line.sent):
            groups[line.noun.label, own].append(line)
    for (_label, own), group in groups.items():
        empties: dict[str, str] = {}
        for line in group:
            for one in line.sent:
                if one.column not in own and one.direction is not Direction.IN:
                    empties[one.column] = "" if one.empty_here in ("", None) and not _numeric(one) else "0"
        for line in group:
            line.cells = {**empties, **line.cells}


def _numeric(one: Field) -> bool:
    return (one.empty_remote in (0, 0.0) and not isinstance(one.empty_remote, bool | str)) or one.empty_remote == "0"
