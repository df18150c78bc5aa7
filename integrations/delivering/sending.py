"""Sending one subscriber what is due, one message after the other."""

from __future__ import annotations

import time
import uuid
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from functools import lru_cache

from django.conf import settings
from django.utils import timezone
from django.utils.translation import gettext as _

from crm.models import User
from crm.nouns import noun_of_key
from integrations import subscriptions
from integrations.delivering import schedule
from integrations.delivering.signing import headers
from integrations.errors import IntegrationError
from integrations.models import Delivery, Subscription
from integrations.network.http import HttpDoor, HttpReply

TIME_OUT = 15.0
CONNECT_TIME_OUT = 5.0
LARGEST_ANSWER = 64 * 1024
AT_ONCE = 50
# Then another thread may go on, so that whoever waits for a place gets one.
TURN_SECONDS = 30.0
GONE = 410
MAY_SAY_WHEN = (429, 503)
REASON = Subscription.Reason
STATUS = Delivery.Status


@dataclass(frozen=True, slots=True)
class Attempt:
    """How one attempt ended. `asked`: seconds of a Retry-After that is to be obeyed."""

    status: int | None
    ms: int
    problem: str = ""
    asked: float | None = None


def deliver(subscription_id: int) -> int:
    """Send what is due until nothing is, an attempt fails, or half a minute is over; returns the number accepted.

    Does nothing when somebody else is at it, or the subscription rests or is paused. Pauses it when its owner's account
    is off, after a 410, and after five days of failures alone. No transaction is open while it waits for an answer.
    Costs five statements a message, and four for each 50 of them.
    """
    token = subscriptions.hold(subscription_id)
    if token is None:
        return 0
    accepted, rest, ends = 0, timedelta(0), time.monotonic() + TURN_SECONDS
    try:
        subscription = Subscription.objects.select_related("owner__team").get(pk=subscription_id)
        if not subscription.owner.is_active:
            subscriptions.pause(subscription_id, REASON.OWNER)
            return 0
        while time.monotonic() < ends and (claimed := subscriptions.claim(subscription_id, token, limit=AT_ONCE)):
            for one in visible(subscription.owner, claimed, token):
                if time.monotonic() >= ends or not subscriptions.renew(one, token):
                    return accepted
                attempt = post(subscription, one)
                if attempt.problem:
                    rest = _failed(subscription, one, token, attempt)
                    return accepted
                _accepted(subscription, one, token, attempt)
                accepted += 1
    finally:
        subscriptions.let_go(subscription_id, token, rest=rest)
    return accepted


def visible(owner: User, deliveries: Iterable[Delivery], token: uuid.UUID) -> list[Delivery]:
    """Those whose record the owner may see now, in their order; the others are dropped. A query a noun, one to drop."""
    rows = list(deliveries)
    wanted: dict[str, set[uuid.UUID]] = defaultdict(set)
    for one in rows:
        if one.object_uuid is not None:
            wanted[one.noun].add(one.object_uuid)
    seen = {(key, found) for key, uuids in wanted.items() for found in _seen(owner, key, uuids)}
    shown = [one for one in rows if one.object_uuid is None or (one.noun, one.object_uuid) in seen]
    if len(shown) < len(rows):
        kept = {one.pk for one in shown}
        subscriptions.drop([one for one in rows if one.pk not in kept], token)
    return shown


def _seen(owner: User, key: str, uuids: set[uuid.UUID]) -> Iterable[uuid.UUID]:
    try:
        noun = noun_of_key(key)
    except KeyError:  # queued by an older version: it has no pages any more
        return ()
    if not noun.allows(owner, "view"):
        return ()
    rows = noun.rows(owner).select_related(None).prefetch_related(None)
    return rows.filter(uuid__in=uuids).order_by().values_list("uuid", flat=True)


def post(subscription: Subscription, delivery: Delivery) -> Attempt:
    """Send one message once and say how it ended. No query."""
    body = delivery.body.encode()
    sent = headers(subscription.secrets, message_id=delivery.message_id, at=timezone.now(), body=body)
    began = time.monotonic()
    try:
        reply = _door(tuple(settings.WEBHOOK_ALLOWED_HOSTS)).send(
            "POST", subscription.url, headers=sent, content=body, timeout=TIME_OUT, max_bytes=LARGEST_ANSWER
        )
    except IntegrationError as error:
        return Attempt(None, _ms(time.monotonic() - began), error.message)
    asked = reply.retry_after if reply.status in MAY_SAY_WHEN else None
    return Attempt(reply.status, _ms(reply.duration_s), _problem(reply), asked)


def _problem(reply: HttpReply) -> str:
    if 200 <= reply.status < 300:
        return ""
    if 300 <= reply.status < 400:
        return _("It answered with a redirect (%(status)d). Redirects are not followed: enter the final address.") % {
            "status": reply.status
        }
    return _("It answered %(status)d; 200 to 299 means accepted.") % {"status": reply.status}


def _accepted(subscription: Subscription, delivery: Delivery, token: uuid.UUID, attempt: Attempt) -> None:
    subscriptions.settle(delivery, token, status=STATUS.DELIVERED, answer_status=attempt.status, answer_ms=attempt.ms)
    if subscription.failures:
        subscriptions.note_success(subscription.pk)
        subscription.failures, subscription.failing_since = 0, None


def _failed(subscription: Subscription, delivery: Delivery, token: uuid.UUID, attempt: Attempt) -> timedelta:
    """Note it, and when it is tried again if it is; returns how long the subscriber rests."""
    wait = schedule.next_attempt(delivery.attempts + 1, asked=attempt.asked)
    gone = attempt.status == GONE
    subscriptions.settle(
        delivery,
        token,
        status=STATUS.FAILED if gone or wait is None else STATUS.WAITING,
        answer_status=attempt.status,
        answer_ms=attempt.ms,
        problem=attempt.problem,
        due_at=None if wait is None else timezone.now() + wait,
    )
    if gone:
        subscriptions.pause(subscription.pk, REASON.GONE)
    subscriptions.note_failure(subscription, token, give_up=schedule.GIVE_UP)
    return schedule.rest(subscription.failures, asked=attempt.asked)


def _ms(seconds: float) -> int:
    return round(seconds * 1000)


@lru_cache(maxsize=2)
def _door(allowed_hosts: tuple[str, ...]) -> HttpDoor:
    """The pool of connections of this process."""
    return HttpDoor(
        allowed_hosts=allowed_hosts,
        strict=True,
        connect_timeout=CONNECT_TIME_OUT,
        max_connections=32,
        user_agent="Tandem webhooks",
    )
