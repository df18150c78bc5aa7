"""What the control API can change about a sandbox; kept with its data."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any


@dataclass(slots=True)
class Settings:
    """``revoked`` holds ``role:model:operation``, the two field lists ``model:field``; the rest are switches.

    ``refused_fields`` stay in ``fields_get`` but fail every read of a user without Settings; ``absent_fields`` are
    gone, as in a database where nobody made them. ``two_factor`` holds logins whose password opens no RPC;
    ``languages`` are installed beside English, and ``translations`` maps ``language:model:id:field`` to a text.
    """

    revoked: list[str] = field(default_factory=list)
    refused_fields: list[str] = field(default_factory=list)
    absent_fields: list[str] = field(default_factory=list)
    mail_delivers: bool = False
    plan_block: bool = False
    crm_installed: bool = True
    merge_deletes_external_ids: bool = False
    two_factor: list[str] = field(default_factory=list)
    programmatic_keys: bool = False
    languages: list[str] = field(default_factory=list)
    translations: dict[str, str] = field(default_factory=dict)
    webhook_url: str = ""
    webhook_on: bool = True
    webhook_drop: bool = False
    webhook_copies: int = 1
    webhook_fields: dict[str, list[str]] = field(
        default_factory=lambda: {
            "res.partner": ["name", "email", "phone"],
            "crm.lead": ["name", "email_from", "partner_id", "stage_id", "expected_revenue"],
        }
    )

    @classmethod
    def load(cls, stored: dict[str, Any] | None) -> Settings:
        """Return settings from their stored form."""
        known = {name: value for name, value in (stored or {}).items() if name in cls.__slots__}
        return cls(**known)

    def dump(self) -> dict[str, Any]:
        """Return the stored form."""
        return asdict(self)

    def change(self, values: dict[str, Any]) -> None:
        """Set several. Raises ``KeyError`` for a name that does not exist, ``TypeError`` for a wrong type."""
        for name, value in values.items():
            if name not in self.__slots__:
                raise KeyError(name)
            if type(value) is not type(getattr(self, name)):
                raise TypeError(f"{name} must be {type(getattr(self, name)).__name__}")
        for name, value in values.items():
            setattr(self, name, value)
