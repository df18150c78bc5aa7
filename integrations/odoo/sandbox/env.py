"""What a method knows while it runs: the transaction, the user, the context and the models."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from .errors import AccessError
from .fields import Row

if TYPE_CHECKING:
    from .engine import Engine
    from .models.base import BaseModel
    from .transaction import Transaction

ADMIN_UID = 2


class Env:
    """One user's view within one transaction. ``cost`` collects what a real Odoo would have taken, in seconds."""

    def __init__(self, engine: Engine, tx: Transaction, uid: int, context: dict[str, Any]) -> None:
        self.engine = engine
        self.tx = tx
        self.uid = uid
        self.context = context
        self.series = engine.series
        self.is_system = False
        self.cost = 0.0
        self._companies: frozenset[int] | None = None

    def model(self, name: str) -> BaseModel:
        """Return a model. Raises ``KeyError`` for an unknown one."""
        return self.engine.models[name]

    @property
    def user(self) -> Row:
        """The row of the calling user."""
        return self.tx.get("res.users", self.uid) or {"id": self.uid, "name": "?"}

    @property
    def is_admin(self) -> bool:
        """Whether every right is given."""
        return self.is_system or self.user.get("x_sandbox_role") == "admin"

    @contextmanager
    def system(self) -> Iterator[None]:
        """Run with every right, as Odoo's ``sudo`` does; the user stays the writer."""
        before, self.is_system = self.is_system, True
        try:
            yield
        finally:
            self.is_system = before

    def with_context(self, **more: Any) -> Env:
        """Return a view of the same transaction with more in its context."""
        other = Env(self.engine, self.tx, self.uid, {**self.context, **more})
        other.is_system = self.is_system
        return other

    @property
    def quiet(self) -> bool:
        """Whether the context keeps changes out of the chatter."""
        return bool(self.context.get("tracking_disable") or self.context.get("mail_notrack"))

    @property
    def user_companies(self) -> list[int]:
        """Companies the user belongs to, main one first."""
        main = self.user.get("company_id", 1)
        return [main, *[one for one in self.user.get("company_ids", [main]) if one != main]]

    @property
    def companies(self) -> frozenset[int]:
        """Companies whose records are visible in this context. Raises ``AccessError`` for a foreign one."""
        if self._companies is None:
            asked = self.context.get("allowed_company_ids")
            own = self.user_companies
            if asked and not self.is_admin and not set(asked) <= set(own):
                raise AccessError("Access to unauthorized or invalid companies.")
            self._companies = frozenset(asked or own)
        return self._companies

    @property
    def company(self) -> int:
        """The company of new leads: the first allowed one."""
        asked = self.context.get("allowed_company_ids")
        return asked[0] if asked and set(asked) <= set(self.user_companies) else self.user_companies[0]
