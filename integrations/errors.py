"""What can go wrong with another system, told by class: the class decides what happens next.

Every error carries two texts: `message`, one sentence for a person, and `detail`, the other system's own words
(shortened, without secrets). Nobody reads either to decide anything.

=====================  ==========================================================================================
TransientError         nothing is known to have happened; try again later
RateLimited            the same, and the other side has said when
CircuitOpen            nothing was sent: the other side has not answered for a while and is left in peace
SerializationConflict  another writer was first, nothing was written; try again soon, with jitter
UnknownOutcome         a write was sent and no usable answer came back: ask whether it happened, then act
AuthRejected           the secret or the user was refused: pause the connection
ConfigError            the address, database, certificate or plan is wrong: a person must act
PermanentError         this request will fail the same way every time
=====================  ==========================================================================================
"""

from __future__ import annotations

import traceback
from collections.abc import Sequence
from pathlib import PurePath

DETAIL_LIMIT = 2000
# What Python raises where our own code does not fit a record; not a lost lease, a time limit, or a database away.
MISTAKES = (ArithmeticError, AssertionError, AttributeError, LookupError, TypeError, ValueError)


def place_of(error: BaseException) -> str:
    """What was raised and where, without its words, which may hold personal data: "KeyError in merge.py, line 12"."""
    frames = traceback.extract_tb(error.__traceback__)
    where = f" in {PurePath(frames[-1].filename).name}, line {frames[-1].lineno}" if frames else ""
    return f"{type(error).__name__}{where}"


class IntegrationError(Exception):
    """Base of all errors of this folder.

    `message`: a sentence for people. `detail`: the vendor's words, at most 2,000 characters, never a secret.
    """

    def __init__(self, message: str, *, detail: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.detail = detail[:DETAIL_LIMIT]

    def __str__(self) -> str:
        return f"{self.message} ({self.detail})" if self.detail else self.message


class TransientError(IntegrationError):
    """Nothing is known to have happened: the same request may succeed later."""


class RateLimited(TransientError):
    """The other side asks us to slow down. `retry_after`: seconds from now, None when it did not say."""

    def __init__(self, message: str, *, retry_after: float | None = None, detail: str = "") -> None:
        super().__init__(message, detail=detail)
        self.retry_after = retry_after


class CircuitOpen(TransientError):
    """Nothing was sent: the other side did not answer several times in a row. `retry_after`: seconds from now."""

    def __init__(self, message: str, *, retry_after: float = 5.0, detail: str = "") -> None:
        super().__init__(message, detail=detail)
        self.retry_after = retry_after


class SerializationConflict(TransientError):
    """Another transaction was first and nothing was written: start again at the read, soon."""


class UnknownOutcome(IntegrationError):
    """A write left this machine and no usable answer came back: it may or may not have happened."""


class AuthRejected(IntegrationError):
    """The other side refused the user or the secret: no request will succeed until a person renews it."""


class ConfigError(IntegrationError):
    """The connection is set up wrongly (address, database, certificate, plan): a person must act."""


class CompanyLost(ConfigError):
    """The user may no longer work for companies that every call names. `companies`: their ids over there."""

    def __init__(self, message: str, *, companies: Sequence[int] = (), detail: str = "") -> None:
        super().__init__(message, detail=detail)
        self.companies = list(companies)


class PlanRefused(ConfigError):
    """The subscription plan of the other system does not include its API."""


class PermanentError(IntegrationError):
    """This request fails the same way every time it is sent."""


class RecordMissing(PermanentError):
    """A record named in the request does not exist over there."""


class RightMissing(PermanentError):
    """The user lacks a right that the request needs."""


class FieldUnknown(PermanentError):
    """The other side does not know a field. `field`: its name, "" if not told; `model`: the model, "" if not told."""

    def __init__(self, message: str, *, field: str = "", model: str = "", detail: str = "") -> None:
        super().__init__(message, detail=detail)
        self.field = field
        self.model = model


class ModelUnknown(PermanentError):
    """The other side does not know the model: the app that brings it is not installed."""


class MethodUnknown(PermanentError):
    """The other side does not know the method: another version."""


class ValueRefused(PermanentError):
    """The other side refused a value, or one of its own rules was broken."""


class TooLarge(PermanentError):
    """The request or its answer is larger than one side accepts: ask for less at a time."""
