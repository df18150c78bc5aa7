"""Making, changing, pausing and ending outgoing webhooks, and sending a delivery again."""

from __future__ import annotations

import base64
import hashlib
import secrets
import uuid as uuids
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from crm.models import Account, Change, Contact, User
from crm.nouns import all_nouns
from integrations import subscriptions
from integrations.errors import ConfigError
from integrations.models import Delivery, Subscription
from integrations.network.addresses import AddressGuard

MOST = 20
ROTATES = timedelta(hours=24)
TURN = (Account, Contact)
STATE = Subscription.State
STATUS = Delivery.Status


def event_types() -> list[tuple[str, list[tuple[str, str]]]]:
    """Every type of event with its words, by noun: ("Leads", [("lead.trashed", "Moved to the trash"), …])."""
    return [
        (
            str(noun.plural),
            [
                (f"{noun.model._meta.model_name}.{action}", str(words))
                for action, words in Change.Action.choices
                if action != Change.Action.TURNED or noun.model in TURN
            ],
        )
        for noun in all_nouns()
    ]


def make_subscription(
    *,
    owner: User,
    site: str,
    name: str,
    url: str,
    events: Sequence[str] = (),
    skip_own: bool = True,
    uuid: uuids.UUID | None = None,
) -> tuple[Subscription, str]:
    """Make an active one; returns it with its secret, which is shown once. `site`: Tandem's own origin.

    With a `uuid` it is made once, however often the form is sent. Raises ValidationError: no name, an address that may
    not be called, an event that does not exist, 20 of them already, or one of that uuid.
    """
    if owner.subscriptions.exclude(state=STATE.DELETED).count() >= MOST:
        raise ValidationError(_("You have %(most)d webhooks. Delete one that is not needed any more.") % {"most": MOST})
    secret = _new_secret()
    subscription = Subscription(
        uuid=uuid or uuids.uuid4(), owner=owner, site=site.rstrip("/"), secret=secret, skip_own=skip_own
    )
    _fill(subscription, name=name, url=url, events=events)
    try:
        with transaction.atomic():
            subscription.save(force_insert=True)
    except IntegrityError as error:
        raise ValidationError(
            _("This webhook was made already, and its secret was shown then."), code="made"
        ) from error
    return subscription, secret


def change_subscription(
    subscription: Subscription, *, actor: User, name: str, url: str, events: Sequence[str], skip_own: bool
) -> Subscription:
    """Write these. Raises ValidationError as making one, PermissionDenied for others than its owner."""
    _only_owner(subscription, actor)
    subscription.skip_own = skip_own
    _fill(subscription, name=name, url=url, events=events)
    subscription.save(update_fields=["name", "url", "events", "skip_own"])
    return subscription


def pause_subscription(subscription: Subscription, *, actor: User) -> bool:
    """Stop sending and queueing; False when it was not active. For its owner and admins."""
    _owner_or_admin(subscription, actor)
    return subscriptions.pause(subscription.pk, Subscription.Reason.PERSON)


def resume_subscription(subscription: Subscription, *, actor: User) -> bool:
    """Go on, with what waits first; False when it was not paused. Raises PermissionDenied for others than its owner."""
    _only_owner(subscription, actor)
    paused = Subscription.objects.filter(pk=subscription.pk, state=STATE.PAUSED)
    resumed = paused.update(state=STATE.ACTIVE, state_reason="", **_rested())
    if resumed:
        subscriptions.ring(subscription.pk)
    return bool(resumed)


def mark_of(subscription: Subscription) -> str:
    """A short digest by which a page says which secret it was made for."""
    return hashlib.sha256(subscription.secret.encode()).hexdigest()[:16]


def rotate_secret(subscription: Subscription, *, actor: User, mark: str) -> str:
    """Make a new secret and return it; the present one signs beside it for 24 hours more, an older one ends now.

    Raises ValidationError when `mark` is not that of the present secret, so that a form sent twice changes it once;
    PermissionDenied for others than its owner.
    """
    _only_owner(subscription, actor)
    secret = _new_secret()
    with transaction.atomic():
        row = Subscription.objects.select_for_update(no_key=True).get(pk=subscription.pk)
        if mark_of(row) != mark:
            raise ValidationError(_("The secret was changed already, and the new one was shown then."))
        row.old_secret, row.old_until, row.secret = row.secret, timezone.now() + ROTATES, secret
        row.save(update_fields=["secret", "old_secret", "old_until"])
    return secret


def delete_subscription(subscription: Subscription, *, actor: User) -> None:
    """End it for good, its secrets and its deliveries with it. Raises PermissionDenied for others than its owner.

    The row stays for 30 days: a write that is under way may still queue something for it.
    """
    _only_owner(subscription, actor)
    with transaction.atomic():
        Subscription.objects.filter(pk=subscription.pk).update(
            state=STATE.DELETED, deleted_at=timezone.now(), url="", secret="", old_secret="", old_until=None
        )
        Delivery.objects.filter(subscription=subscription).delete()


def send_test(subscription: Subscription, *, actor: User) -> Delivery:
    """Queue a message of type "test". Raises ValidationError when it is paused, PermissionDenied for others."""
    _only_owner(subscription, actor)
    _must_be_active(subscription)
    body = subscriptions.as_body(Delivery.TEST, timezone.now(), {"name": subscription.name})
    delivery = Delivery.objects.create(subscription=subscription, type=Delivery.TEST, body=body)
    _hurry(subscription)
    return delivery


def send_again(delivery: Delivery, *, actor: User) -> bool:
    """Send one that was settled again, under the same id; False when it waits already.

    The tries are counted anew. Raises ValidationError when the webhook is paused, PermissionDenied for others.
    """
    _only_owner(delivery.subscription, actor)
    _must_be_active(delivery.subscription)
    settled = Delivery.objects.filter(pk=delivery.pk, status__in=(STATUS.DELIVERED, STATUS.FAILED))
    again = settled.update(status=STATUS.WAITING, attempts=0, due_at=timezone.now(), settled_at=None)
    if again:
        _hurry(delivery.subscription)
    return bool(again)


def _fill(subscription: Subscription, *, name: str, url: str, events: Sequence[str]) -> None:
    subscription.name, subscription.url, subscription.events = name.strip(), url.strip(), sorted(set(events))
    known = {key for _noun, types in event_types() for key, _words in types}
    wrong = [one for one in subscription.events if one not in known]
    if wrong:
        raise ValidationError({"events": _("There is no event “%(name)s”.") % {"name": wrong[0]}})
    subscription.full_clean(exclude={"uuid", "owner", "secret", "old_secret"})
    try:
        AddressGuard(settings.WEBHOOK_ALLOWED_HOSTS, strict=True).check_typed(subscription.url)
    except ConfigError as error:
        raise ValidationError({"url": error.message}) from error


def _hurry(subscription: Subscription) -> None:
    """Let nothing but a sender that is at it hold it up: a person waits."""
    Subscription.objects.filter(pk=subscription.pk, busy_token=None).update(not_before=timezone.now())
    subscriptions.ring(subscription.pk)


def _rested() -> dict[str, Any]:
    return {"failures": 0, "failing_since": None, "busy_token": None, "not_before": timezone.now()}


def _new_secret() -> str:
    return subscriptions.MARK + base64.b64encode(secrets.token_bytes(32)).decode()


def _must_be_active(subscription: Subscription) -> None:
    if not subscription.is_active:
        raise ValidationError(_("This webhook is paused: resume it first."))


def _only_owner(subscription: Subscription, actor: User) -> None:
    if subscription.owner_id != actor.pk:
        raise PermissionDenied


def _owner_or_admin(subscription: Subscription, actor: User) -> None:
    if not actor.administers:
        _only_owner(subscription, actor)
