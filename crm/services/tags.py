"""Writes of tags."""

from __future__ import annotations

from typing import TypedDict, Unpack

from django.core.exceptions import ValidationError

from crm.models import Tag, User
from crm.services import records


class TagChanges(TypedDict, total=False):
    """What can be changed on a tag; `color` is Odoo's palette, 0 to 11."""

    name: str
    color: int


def create_tag(*, actor: User | None, name: str, color: int = 0, announce: bool = True) -> Tag:
    """Make a tag. Raises ValidationError when one of this name, whatever the case, exists."""
    return records.insert(Tag(name=_one_line(name), color=color), actor=actor, announce=announce)


def get_or_create_tag(*, actor: User | None, name: str, color: int = 0, announce: bool = True) -> Tag:
    """The tag of this name, whatever the case (“MÜLLER” finds “Müller”); made when missing, restored from the trash.

    Two calls at the same time give one tag. Raises ValidationError when the name is empty or too long.
    """
    wanted = Tag(name=_one_line(name)).build_search_text()
    tag = Tag.objects.filter(search_text=wanted).first()
    if tag is None:
        try:
            return create_tag(actor=actor, name=name, color=color, announce=announce)
        except ValidationError:
            tag = Tag.objects.filter(search_text=wanted).first()
            if tag is None:
                raise
    return records.restore(tag, actor=actor, announce=announce)


def update_tag(
    tag: Tag,
    *,
    actor: User | None,
    expected_version: int | None = None,
    announce: bool = True,
    **fields: Unpack[TagChanges],
) -> Tag:
    """Change a tag; returns it fresh. Raises ValidationError when the name is taken, StaleVersionError."""
    return records.change(tag, actor=actor, expected_version=expected_version, announce=announce, **fields)


def archive_tag(tag: Tag, *, actor: User | None, expected_version: int | None = None) -> Tag:
    """Move a tag to the trash; records keep it."""
    return records.archive(tag, actor=actor, expected_version=expected_version)


def restore_tag(tag: Tag, *, actor: User | None, expected_version: int | None = None) -> Tag:
    """Take a tag out of the trash."""
    return records.restore(tag, actor=actor, expected_version=expected_version)


def _one_line(name: str) -> str:
    return " ".join(name.split())
