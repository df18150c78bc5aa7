"""The API key of a connection: when it ends, and how it is changed without a gap: make, test, switch, revoke.

The old key stays in use until the switch, and nothing is lost whatever fails. From 19 on Odoo makes and revokes keys
over its API, for administrators, or for all where the system parameter "base.enable_programmatic_api_keys" is set; else
a person does both in Odoo.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from integrations.errors import (
    AuthRejected,
    FieldUnknown,
    IntegrationError,
    MethodUnknown,
    ModelUnknown,
    PermanentError,
    RightMissing,
    UnknownOutcome,
)
from integrations.models import Connection, IntegrationEvent, KeyRotation
from integrations.odoo.wire.client import OdooClient
from integrations.odoo.wire.clients import client_of

KEYS = "res.users.apikeys"
FIRST_SERIES_WITH_METHODS = 19
# Days that a new key is asked for; which Odoo grants depends on the user's groups.
LIFETIMES = (90, 30, 1)
STEP = KeyRotation.Step
WARNING = timedelta(days=14)


# --- when it ends ---


def key_rows(client: OdooClient) -> list[dict[str, Any]] | None:
    """The keys of this client's user with `name` and `expiration_date`; None where keys do not end (16).

    Raises a PermanentError when Odoo does not tell.
    """
    if not client.fields_get(KEYS, ["expiration_date"]):
        return None
    return client.search_read(KEYS, [["user_id", "=", client.uid]], ["name", "expiration_date"])


def coming_ends(rows: list[dict[str, Any]], now: datetime) -> list[datetime]:
    """When these keys end, those that have ended left out, soonest first."""
    ends = (_moment(row.get("expiration_date")) for row in rows)
    return sorted(end for end in ends if end is not None and end > now)


def _moment(value: Any) -> datetime | None:
    try:
        return datetime.strptime(str(value), "%Y-%m-%d %H:%M:%S").replace(tzinfo=UTC)
    except ValueError:
        return None


def learn_end(connection: Connection, client: OdooClient) -> None:
    """Set on the connection when its key ends, the soonest end of the user's keys, if Odoo tells. Saves nothing."""
    now = timezone.now()
    try:
        rows = key_rows(client) or []
    except (RightMissing, FieldUnknown, ModelUnknown, MethodUnknown):
        return
    ends = coming_ends(rows, now)
    connection.key_ends_at, connection.key_checked_at = (ends[0] if ends else None), now


def watch(connection: Connection, client: OdooClient) -> bool:
    """Ask again when the key ends, keep it, and note a warning from 14 days before; returns whether it warned."""
    learn_end(connection, client)
    connection.save(update_fields=["key_ends_at", "key_checked_at"])
    ends = connection.key_ends_at
    if ends is None or ends - timezone.now() >= WARNING:
        return False
    _note(connection, "key ends", _("The API key ends on %(day)s. Change it in time.") % {"day": f"{ends:%Y-%m-%d}"})
    return True


# --- the change, step by step ---


def can_be_made_here(connection: Connection) -> bool:
    """Whether this Odoo has methods for keys at all; whether our user may call them shows when he does."""
    return (connection.series or 0) >= FIRST_SERIES_WITH_METHODS


def make(connection: Connection, *, actor: Any) -> KeyRotation:
    """Let Odoo make a new key for the same user. Raises ValidationError with what a person can do instead."""
    if not can_be_made_here(connection):
        raise ValidationError(_("This Odoo makes keys in its own pages only: follow the steps."))
    client = client_of(connection, work="key")
    try:
        secret, ends = _generate(connection, client)
    except UnknownOutcome:
        words = _("Odoo gave no answer. It may have made a key named “%(name)s”: remove it there, then try again.")
        raise ValidationError(words % {"name": _name(connection)}) from None
    except PermanentError as error:
        words = _("Odoo does not let our user make keys: %(words)s Follow the steps instead.")
        raise ValidationError(words % {"words": error.detail.rpartition(": ")[2] or error.message}) from None
    except IntegrationError as error:
        raise ValidationError(error.message) from None
    finally:
        client.close()
    return _keep(connection, STEP.MADE, secret, actor, made_here=True, ends_at=ends)


def _generate(connection: Connection, client: OdooClient) -> tuple[str, datetime]:
    """The new key and its end: the longest life that Odoo grants."""
    refusal: PermanentError | None = None
    for days in LIFETIMES:
        ends = timezone.now().replace(microsecond=0) + timedelta(days=days)
        values = {"key": connection.secret, "scope": "rpc", "name": _name(connection)}
        try:
            # A minute less: Odoo counts the days from its own clock.
            end = (ends - timedelta(minutes=10)).strftime("%Y-%m-%d %H:%M:%S")
            made = client.call(KEYS, "generate", kwargs={**values, "expiration_date": end}, write=True)
        except PermanentError as error:
            refusal = error
            if "exceed" not in error.detail:
                break
        else:
            return str(made), ends
    raise refusal or PermanentError("Odoo made no key.")


def _name(connection: Connection) -> str:
    return f"Tandem {connection.prefix} {timezone.localdate():%Y-%m-%d}"


def test(connection: Connection, secret: str, *, actor: Any) -> KeyRotation:
    """Try a key on Odoo, and keep it for the switch when it opens the same user's door.

    Raises ValidationError with the reason; then nothing has changed.
    """
    secret = secret.strip()
    if secret == connection.secret:
        raise ValidationError(_("This is the key that is in use already."))
    try:
        uid = _owner(connection, secret)
    except AuthRejected:
        words = _("Odoo does not accept this key for %(user)s. Nothing has changed.")
        raise ValidationError(words % {"user": connection.username}) from None
    except IntegrationError as error:
        raise ValidationError(_("The key could not be tried: %(words)s") % {"words": error.message}) from None
    if uid != connection.remote_uid:
        raise ValidationError(_("This key belongs to another user of Odoo. Nothing has changed."))
    old = KeyRotation.objects.filter(connection=connection, step=STEP.MADE).first()
    made = old is not None and old.secret == secret
    return _keep(connection, STEP.TESTED, secret, actor, made_here=made, ends_at=old.ends_at if old and made else None)


def _owner(connection: Connection, secret: str) -> int:
    """Whose key this is, by Odoo's word; it must also be able to read. Raises any IntegrationError."""
    client = client_of(connection, work="key", secret=secret, uid=None)
    try:
        uid = client.uid
        client.read("res.users", [uid], ["login"])
        return uid
    finally:
        client.close()


def switch(connection: Connection, *, actor: Any, resume: bool = False) -> None:
    """Put the tested key in use; the old one is kept until it is revoked. Raises ValidationError without one."""
    with transaction.atomic():
        rotation = KeyRotation.objects.select_for_update().filter(connection=connection, step=STEP.TESTED).first()
        if rotation is None:
            raise ValidationError(_("Test a new key first."))
        locked = Connection.objects.select_for_update().get(pk=connection.pk)
        locked.secret, rotation.secret = rotation.secret, locked.secret
        locked.key_ends_at, locked.key_checked_at = rotation.ends_at, timezone.now() if rotation.ends_at else None
        if resume and locked.state == Connection.State.PAUSED:
            locked.state, locked.state_reason = Connection.State.ACTIVE, ""
        locked.save(update_fields=["secret", "key_ends_at", "key_checked_at", "state", "state_reason"])
        rotation.step, rotation.changed_by, rotation.changed_at = STEP.SWITCHED, actor, timezone.now()
        rotation.save()
        _note(connection, "key switched", _("%(who)s put a new API key in use.") % {"who": actor})


def revoke(connection: Connection, *, actor: Any) -> None:
    """Take the old key from Odoo where its API allows, else see that a person has done so; then forget it here.

    Raises ValidationError when it still works.
    """
    rotation = _of(connection, STEP.SWITCHED)
    if can_be_made_here(connection):
        client = client_of(connection, work="key")
        try:
            client.call(KEYS, "revoke", kwargs={"key": rotation.secret}, write=True)
        except (PermanentError, UnknownOutcome, AuthRejected):
            pass  # whether it works still is asked now
        except IntegrationError as error:
            raise ValidationError(error.message) from None
        finally:
            client.close()
    try:
        _owner(connection, rotation.secret)
    except AuthRejected:
        rotation.delete()
        _note(connection, "key revoked", _("The old API key opens no door any more."))
        return
    except IntegrationError as error:
        raise ValidationError(error.message) from None
    raise ValidationError(_("The old key still works. Remove it in Odoo as the steps say, then press again."))


def forget(connection: Connection) -> None:
    """End the change here: before the switch the new key is forgotten, after it the old one, which may still work."""
    KeyRotation.objects.filter(connection=connection).delete()


def _of(connection: Connection, step: str) -> KeyRotation:
    rotation = KeyRotation.objects.filter(connection=connection, step=step).first()
    if rotation is None:
        raise ValidationError(_("There is no such step to take now."))
    return rotation


def _keep(
    connection: Connection, step: str, secret: str, actor: Any, *, made_here: bool, ends_at: datetime | None
) -> KeyRotation:
    if KeyRotation.objects.filter(connection=connection, step=STEP.SWITCHED).exists():
        raise ValidationError(_("Finish the last change first: revoke the old key, or leave it."))
    return KeyRotation.objects.update_or_create(
        connection=connection,
        defaults={
            "step": step,
            "secret": secret,
            "made_here": made_here,
            "ends_at": ends_at,
            "changed_at": timezone.now(),
            "changed_by": actor,
        },
    )[0]


def _note(connection: Connection, kind: str, words: str) -> None:
    IntegrationEvent.objects.create(
        connection=connection, kind=kind, result=IntegrationEvent.Result.NOTICE, message=words
    )
