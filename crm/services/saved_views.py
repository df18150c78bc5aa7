"""Keeping, changing and forgetting views of lists. They are nobody's business but their owner's and the admins'."""

from __future__ import annotations

from django.core.exceptions import PermissionDenied
from django.db import transaction

from crm.models import SavedView, User

ADMINS = (User.Role.SUPER_ADMIN, User.Role.ADMIN)


def may_change(view: SavedView, user: User) -> bool:
    """Whether this person may rename, change or forget the view: its owner, and admins where it is shared."""
    return view.owner_id == user.pk or (view.shared and user.role in ADMINS)


def keep_view(*, owner: User, noun: str, name: str, query: str, shared: bool = False) -> SavedView:
    """Keep a view. Raises ValidationError when the owner has one of this name for this list."""
    return _stored(SavedView(owner=owner, noun=noun, name=name.strip(), query=query, shared=shared))


def change_view(
    view: SavedView, *, actor: User, name: str | None = None, query: str | None = None, shared: bool | None = None
) -> SavedView:
    """Change what is given. Raises PermissionDenied, and ValidationError as `keep_view` does."""
    _ensure_may(view, actor)
    if name is not None:
        view.name = name.strip()
    if query is not None:
        view.query = query
    if shared is not None:
        view.shared = shared
    return _stored(view)


def forget_view(view: SavedView, *, actor: User) -> None:
    """Forget a view; the records that it showed stay as they are. Raises PermissionDenied."""
    _ensure_may(view, actor)
    view.delete()


def _ensure_may(view: SavedView, actor: User) -> None:
    if not may_change(view, actor):
        raise PermissionDenied


def _stored(view: SavedView) -> SavedView:
    with transaction.atomic():
        view.full_clean()
        view.save()
    return view
