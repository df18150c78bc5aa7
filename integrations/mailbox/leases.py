"""The right to do one thing alone for a while: one writer per connection and model (rule 5)."""

from __future__ import annotations

import os
import socket
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from django.db.models import Q
from django.utils import timezone

from integrations.models import Lease

LENGTH = timedelta(seconds=300)


class LeaseLost(Exception):
    """Somebody else holds the lease now: stop, without touching anything."""


@dataclass(frozen=True)
class Held:
    """A lease in our hands."""

    name: str
    token: uuid.UUID

    def renew(self) -> None:
        """Prolong by the full length. Raises LeaseLost when it is no longer ours."""
        updated = Lease.objects.filter(name=self.name, token=self.token).update(until=timezone.now() + LENGTH)
        if not updated:
            raise LeaseLost(self.name)


@contextmanager
def lease(name: str) -> Iterator[Held | None]:
    """Take the lease `name`, or yield None when another holds it.

    Given back at the end. A killed holder's ends by itself after 300 s, or at once when the next one asks on the same
    machine and sees that its process is gone.
    """
    held = _take(name)
    if held is None:
        yield None
        return
    try:
        yield held
    finally:
        Lease.objects.filter(name=name, token=held.token).update(token=None, until=None, holder="")


def _take(name: str) -> Held | None:
    row, _made = Lease.objects.get_or_create(name=name)
    now = timezone.now()
    free = Q(token=None) | Q(until__lt=now)
    if row.token is not None and _is_dead(row.holder):
        free |= Q(token=row.token)
    token = uuid.uuid4()
    taken = Lease.objects.filter(free, name=name).update(token=token, until=now + LENGTH, holder=_ourselves())
    return Held(name, token) if taken else None


def _machine() -> str:
    """This machine, and on Linux this container: process numbers mean something within it only."""
    try:
        namespace = os.readlink("/proc/self/ns/pid")
    except OSError:
        namespace = ""
    try:
        boot = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    except OSError:
        boot = ""
    return f"{socket.gethostname()}|{boot}|{namespace}"


def _ourselves() -> str:
    return f"{_machine()}|{os.getpid()}"


def _is_dead(holder: str) -> bool:
    """Whether the holder was a process of this machine that is gone; False when we cannot know."""
    machine, _, process = holder.rpartition("|")
    if machine != _machine() or not process.isdigit():
        return False
    try:
        os.kill(int(process), 0)
    except ProcessLookupError:
        return True
    except PermissionError:
        return False
    return False
