"""A text column encrypted at rest."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.db import models

PREFIX = "enc1:"


@lru_cache(maxsize=8)
def _cipher(keys: tuple[str, ...]) -> MultiFernet:
    return MultiFernet([Fernet(key) for key in keys])


def cipher() -> MultiFernet:
    """The cipher of FIELD_ENCRYPTION_KEYS: the first key encrypts, all decrypt.

    Raises ImproperlyConfigured when no key is set or one is malformed.
    """
    try:
        return _cipher(tuple(settings.FIELD_ENCRYPTION_KEYS))
    except ValueError as error:
        raise ImproperlyConfigured(
            "FIELD_ENCRYPTION_KEYS must hold at least one Fernet key (32 url-safe base64 bytes)."
        ) from error


class EncryptedTextField(models.TextField):
    """Encrypts on the way to the database; a wrong key raises instead of handing out ciphertext.

    The empty string stays empty. Filtering is refused: equal values have unequal ciphertexts.
    """

    def get_prep_value(self, value: Any) -> Any:
        value = super().get_prep_value(value)
        return value if value in (None, "") else PREFIX + cipher().encrypt(value.encode()).decode()

    def from_db_value(self, value: str | None, expression: Any, connection: Any) -> str | None:
        if not value or not value.startswith(PREFIX):
            return value
        try:
            return cipher().decrypt(value.removeprefix(PREFIX).encode()).decode()
        except InvalidToken as error:
            raise ImproperlyConfigured(
                "A stored secret cannot be read: FIELD_ENCRYPTION_KEYS lacks the key it was written with."
            ) from error

    def get_lookup(self, lookup_name: str) -> Any:
        return super().get_lookup(lookup_name) if lookup_name == "isnull" else None
