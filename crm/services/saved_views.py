"""Keeping, changing and forgetting views of lists. They are nobody's business but their owner's and the admins'."""

from __future__ import annotations

from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, transaction

from crm.models import SavedView, User


def may_change(view: SavedView, user: User) -> bool:
    """Whether this person may rename, change or forget the view: its owner, and admins where it is shared."""
    return view.owner_id == user.pk or (view.shared and user.administers)


def keep_view(*, owner: User, noun: str, name: str, query: str, shared: bool = False) -> SavedView:
    """Keep a view. Raises ValidationError when the owner has one of this name for this list."""
    return _stored(SavedView(owner=owner, noun=noun, name=name.strip(), query=query, shared=shared))


def change_view(
    view: SavedView, *, actor: User, name: str | None = None, query: str | None = None, shared: bool | None = None
) -> SavedView:
    """Change what is given. Raises PermissionDenied, ValidationError as `keep_view` does, and DoesNotExist.

    The last one when somebody has forgotten the view in the meantime: it does not come back.
    """
    _ensure_may(view, actor)
    with transaction.atomic():
        held = SavedView.objects.select_for_update().get(pk=view.pk)
        if name is not None:
            held.name = name.strip()
        if query is not None:
            held.query = query
        if shared is not None:
            held.shared = shared
        return _stored(held)


def forget_view(view: SavedView, *, actor: User) -> None:
    """Forget a view; the records that it showed stay as they are. Raises PermissionDenied."""
    _ensure_may(view, actor)
    view.delete()


def _ensure_may(view: SavedView, actor: User) -> None:
    if not may_change(view, actor):
        raise PermissionDenied


def _stored(view: SavedView) -> SavedView:
    view.full_clean()
    try:
        with transaction.atomic():
            view.save()
    except IntegrityError:
        view.full_clean()  # another save of the name came between: now it says so
        raise
    return view
