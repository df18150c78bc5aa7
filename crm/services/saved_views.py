"""Keeping, changing and forgetting views of lists. They are nobody's business but their owner's and the admins'."""

from __future__ import annotations

from datetime import timedelta

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from crm.models import DefaultView, SavedView, User

KEPT_DAYS = 30  # a forgotten view can be brought back so long


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
        held = SavedView.objects.select_for_update().get(pk=view.pk, forgotten_at=None)
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
    SavedView.objects.filter(pk=view.pk, forgotten_at=None).update(forgotten_at=timezone.now())


def bring_back(view: SavedView, *, actor: User) -> SavedView:
    """Let a forgotten view be there again, for whom it was the default, too.

    Raises PermissionDenied, and ValidationError when its owner has another view of its name by now.
    """
    _ensure_may(view, actor)
    view.forgotten_at = None
    return _stored(view)


def open_with(view: SavedView | None, *, user: User, noun: str) -> None:
    """Let this view be what the person finds when they open the list; None for all records.

    Raises ValidationError when the view is one that the person does not find there.
    """
    if view is None:
        DefaultView.objects.filter(user=user, noun=noun).delete()
        return
    if view.noun != noun or view.forgotten_at or not (view.shared or view.owner_id == user.pk):
        raise ValidationError(_("This view is not there any more."))
    DefaultView.objects.update_or_create(user=user, noun=noun, defaults={"view": view})


def prune() -> int:
    """Delete the views that were forgotten long ago; returns how many rows went."""
    return SavedView.objects.filter(forgotten_at__lt=timezone.now() - timedelta(days=KEPT_DAYS)).delete()[0]


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
