"""The e-mail and phone that a lead shares with its customer, at the moment when it is given one.

What such a row says of them Odoo writes into the customer, over an edit there that nobody here has heard of, and into
all the customer's other leads. So Odoo is asked what the customer has: only into an empty place ours goes (rule 10).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from integrations.odoo.applying.report import Applied
from integrations.odoo.mappers.crm_lead import SHARED_WITH_CUSTOMER, Customer
from integrations.odoo.mappers.kinds import Field, Json
from integrations.odoo.mappers.refs import PARTNER, RefIndex
from integrations.odoo.wire.session import Session

Held = Mapping[int, frozenset[str]]


def held_by_new_customers(session: Session, applied: Iterable[Applied], refs: RefIndex) -> Held:
    """Per partner that one of these leads is about to get: the lead's columns of which he has a value of his own.

    One call, none when no lead gets a customer.
    """
    ids = {given for one in applied if (given := _given(one.merged.outgoing, refs)) is not None}
    if not ids:
        return {}
    rows: list[dict[str, Any]] = session.read_fields(PARTNER, sorted(ids), list(SHARED_WITH_CUSTOMER.values()))
    return {
        row["id"]: frozenset(own for own, theirs in SHARED_WITH_CUSTOMER.items() if row.get(theirs)) for row in rows
    }


def left_to_customer(outgoing: Mapping[Field, Json], held: Held, refs: RefIndex) -> frozenset[str]:
    """The columns that a lead with these changes leaves to its new customer."""
    given = _given(outgoing, refs)
    return held.get(given, frozenset(SHARED_WITH_CUSTOMER)) if given is not None else frozenset()


def _given(outgoing: Mapping[Field, Json], refs: RefIndex) -> int | None:
    """The Odoo id of the customer among these changes."""
    here = next((here for one, here in outgoing.items() if isinstance(one, Customer) and here), None)
    return refs.remote(PARTNER, here) if here else None
