"""One holder at a time; a dead one stands in nobody's way."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import uuid
from datetime import timedelta

import pytest
from django.utils import timezone

from integrations.mailbox.leases import LENGTH, LeaseLost, lease
from integrations.models import Lease

pytestmark = pytest.mark.django_db


def holder_of(process: int) -> str:
    """How a process of this machine signs."""
    with lease("sample") as held:
        assert held
        mine = Lease.objects.get(name="sample").holder
    return f"{mine.rpartition('|')[0]}|{process}"


def held_by(holder: str, *, ends: timedelta = LENGTH) -> None:
    Lease.objects.create(name="push", token=uuid.uuid4(), until=timezone.now() + ends, holder=holder)


def test_a_second_taker_gets_nothing_until_the_first_gives_back() -> None:
    with lease("push") as first:
        assert first
        with lease("push") as second:
            assert second is None
    with lease("push") as third:
        assert third


def test_it_is_given_back_after_a_failure() -> None:
    with pytest.raises(ValueError, match="trouble"), lease("push"):
        raise ValueError("trouble")
    with lease("push") as next_one:
        assert next_one


def test_two_names_do_not_meet() -> None:
    with lease("push:res.partner") as one, lease("push:crm.lead") as other:
        assert one
        assert other


def test_renewing_prolongs_by_the_full_length() -> None:
    with lease("push") as held:
        assert held
        Lease.objects.update(until=timezone.now() + timedelta(seconds=5))
        held.renew()
        assert Lease.objects.get(name="push").until > timezone.now() + LENGTH - timedelta(seconds=5)


def test_renewing_a_lease_that_another_took_raises() -> None:
    with lease("push") as held:
        assert held
        Lease.objects.update(token=uuid.uuid4())
        with pytest.raises(LeaseLost):
            held.renew()


def test_it_ends_by_itself() -> None:
    held_by("elsewhere|12", ends=timedelta(seconds=-1))
    with lease("push") as held:
        assert held


def test_a_living_holder_on_this_machine_keeps_it() -> None:
    held_by(holder_of(os.getppid()))
    with lease("push") as held:
        assert held is None


def test_a_dead_holder_on_this_machine_loses_it_at_once() -> None:
    process = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
    process.send_signal(signal.SIGKILL)
    process.wait()
    held_by(holder_of(process.pid))
    with lease("push") as held:
        assert held


def test_a_holder_on_another_machine_is_believed_alive() -> None:
    held_by("elsewhere|boot|pid:[1]|999999")
    with lease("push") as held:
        assert held is None
