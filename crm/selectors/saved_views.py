"""Which views of a list a person finds as its tabs."""

from __future__ import annotations

import uuid as uuids

from django.db.models import Case, Q, QuerySet, When

from crm.models import SavedView, User

MOST = 40


def views_of(user: User, noun: str) -> list[SavedView]:
    """The person's own views of this list, then those that others share, by name; 40 at most. One query."""
    mine_first = Case(When(owner=user, then=0), default=1)
    return list(_found(user, noun).order_by(mine_first, "name", "id")[:MOST])


def view_of(user: User, noun: str, uuid: uuids.UUID) -> SavedView | None:
    """One view of this list that the person finds. One query."""
    return _found(user, noun).filter(uuid=uuid).first()


def _found(user: User, noun: str) -> QuerySet[SavedView]:
    return SavedView.objects.filter(Q(owner=user) | Q(shared=True), noun=noun).select_related("owner")
