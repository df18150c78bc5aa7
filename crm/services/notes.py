"""Writes of notes. A note is written once: it stands in Odoo's chatter as written."""

from __future__ import annotations

import uuid
from datetime import date
from typing import Unpack

from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from crm.html import from_text, sanitise, to_text
from crm.models import Note, Record, Task, User
from crm.services import records
from crm.services.activities import LinkFields


class NoteFields(LinkFields, total=False):
    """What a note can hang on."""

    task: Task | None


def write_note(
    *,
    actor: User | None,
    body: str,
    is_html: bool = False,
    announce: bool = True,
    **links: Unpack[NoteFields],
) -> Note:
    """Write a note: plain text keeps its line breaks, HTML is sanitised. Raises ValidationError when it is empty."""
    markup = sanitise(body) if is_html else from_text(body)
    if not to_text(markup):
        raise ValidationError({"body": _("A note needs some text.")})
    return records.insert(Note(body=markup, **links), actor=actor, announce=announce)


def correct_note(note: Note, *, actor: User | None, body: str, announce: bool = True) -> Note:
    """Write a note anew that nobody elsewhere has got yet: that is for the caller to know. Raises ValidationError."""
    markup = from_text(body)
    if not to_text(markup):
        raise ValidationError({"body": _("A note needs some text.")})
    return records.change(note, actor=actor, announce=announce, body=markup)


def archive_note(note: Note, *, actor: User | None, expected_version: int | None = None) -> Note:
    """Move a note to the trash here; what stands in Odoo's chatter stays there."""
    return records.archive(note, actor=actor, expected_version=expected_version)


def restore_note(note: Note, *, actor: User | None, expected_version: int | None = None) -> Note:
    """Take a note out of the trash."""
    return records.restore(note, actor=actor, expected_version=expected_version)


def keep_note(*, about: Record, text: str, day: date, task: Task | None = None) -> Note | None:
    """Keep a note that another system sent about a record: once per record, text and day.

    `about` is an account, contact, lead or opportunity. Announced to nobody: it came from there. Returns None when
    the note stands already or holds no text.
    """
    markup = sanitise(text)
    key = uuid.uuid5(about.uuid, f"{day.isoformat()}:{markup}")
    if not to_text(markup) or Note.objects.filter(uuid=key).exists():
        return None
    link = {str(about._meta.model_name): about}
    return records.insert(Note(uuid=key, body=markup, task=task, **link), actor=None, announce=False)
