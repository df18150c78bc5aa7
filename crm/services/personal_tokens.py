"""Making, finding and revoking personal tokens of the API."""

from __future__ import annotations

import hashlib
import secrets
import uuid as uuids
from collections.abc import Sequence
from datetime import datetime, timedelta

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import IntegrityError, transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _

from crm.models import PersonalToken, User

MARK = "tandem_pat_"
SHOWN = len(MARK) + 4
ALL = "*"
READ, WRITE = "read", "write"
MOST = 50
# The last use is written down once in so long, so that reading the API writes next to nothing.
USED_EVERY = timedelta(hours=1)


def make_token(
    *,
    owner: User,
    name: str,
    scopes: Sequence[str],
    expires_at: datetime | None = None,
    uuid: uuids.UUID | None = None,
) -> tuple[PersonalToken, str]:
    """Make a token; returns it with the secret, which is shown once and kept nowhere.

    With a `uuid` it is made once, however often the form is sent. Raises ValidationError: no name, no scope, an end
    that is past, 50 tokens that hold already, or a token of that uuid.
    """
    if not scopes:
        raise ValidationError({"scopes": _("Choose what the token may do.")})
    if expires_at is not None and expires_at <= timezone.now():
        raise ValidationError({"expires_at": _("This day is past.")})
    if owner.personal_tokens.filter(_holding()).count() >= MOST:
        raise ValidationError(_("You have %(most)d tokens. Revoke one that is not needed any more.") % {"most": MOST})
    secret = MARK + secrets.token_urlsafe(32)
    token = PersonalToken(
        uuid=uuid or uuids.uuid4(),
        user=owner,
        name=name.strip(),
        begins=secret[:SHOWN],
        digest=digest_of(secret),
        scopes=sorted(set(scopes)),
        expires_at=expires_at,
    )
    token.full_clean(exclude={"uuid"})
    try:
        with transaction.atomic():
            token.save(force_insert=True)
    except IntegrityError as error:
        raise ValidationError(_("This token was made already, and its secret was shown then."), code="made") from error
    return token, secret


def revoke_token(token: PersonalToken, *, actor: User) -> PersonalToken:
    """End a token now; twice changes nothing. Raises PermissionDenied for others than its owner and admins."""
    if token.user_id != actor.pk and not actor.administers:
        raise PermissionDenied
    PersonalToken.objects.filter(pk=token.pk, revoked_at=None).update(revoked_at=timezone.now())
    token.refresh_from_db()
    return token


def holder_of(secret: str) -> PersonalToken | None:
    """The token of this secret, with its user, if it holds and the user is active; notes the use. Two queries."""
    token = PersonalToken.objects.select_related("user__team").filter(digest=digest_of(secret)).first()
    if token is None or not token.holds or not token.user.is_active:
        return None
    now = timezone.now()
    if token.last_used_at is None or token.last_used_at < now - USED_EVERY:
        PersonalToken.objects.filter(pk=token.pk).update(last_used_at=now)
    return token


def allows(token: PersonalToken, resource: str, action: str) -> bool:
    """Whether the scopes include reading or writing this resource ("leads"); writing includes reading."""
    enough = (WRITE,) if action == WRITE else (READ, WRITE)
    return any(f"{where}:{what}" in token.scopes for where in (ALL, resource) for what in enough)


def digest_of(secret: str) -> str:
    """The SHA-256 of a secret in hex; the secret has 256 random bits, so that nothing slower is needed."""
    return hashlib.sha256(secret.encode()).hexdigest()


def _holding() -> Q:
    return Q(revoked_at=None) & (Q(expires_at=None) | Q(expires_at__gt=timezone.now()))
