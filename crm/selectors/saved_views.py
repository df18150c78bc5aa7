"""Which views of a list a person finds as its tabs."""

from __future__ import annotations

import uuid as uuids

from django.db.models import Case, Exists, OuterRef, Q, QuerySet, When

from crm.models import DefaultView, SavedView, User

MOST = 40


def views_of(user: User, noun: str) -> list[tuple[SavedView, bool]]:
    """The person's own views of this list, then those that others share, by name; 40 at most. One query.

    Each with whether the list opens with it; that one comes first.
    """
    opens = Exists(DefaultView.objects.filter(user=user, noun=noun, view=OuterRef("pk")))
    mine_first = Case(When(owner=user, then=0), default=1)
    views = _found(user, noun).annotate(opens=opens).order_by("-opens", mine_first, "name", "id")[:MOST]
    return [(view, view.opens) for view in views]


def view_of(user: User, noun: str, uuid: uuids.UUID) -> SavedView | None:
    """One view of this list that the person finds. One query."""
    return _found(user, noun).filter(uuid=uuid).first()


def forgotten_of(user: User, noun: str, uuid: uuids.UUID) -> SavedView | None:
    """A view that was forgotten and can still be brought back. One query."""
    return _of(user, noun).filter(uuid=uuid, forgotten_at__isnull=False).first()


def _found(user: User, noun: str) -> QuerySet[SavedView]:
    return _of(user, noun).filter(forgotten_at=None)


def _of(user: User, noun: str) -> QuerySet[SavedView]:
    return SavedView.objects.filter(Q(owner=user) | Q(shared=True), noun=noun).select_related("owner")
