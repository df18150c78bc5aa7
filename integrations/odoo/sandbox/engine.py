"""One sandbox: its database, models, users and faults, and the way a call runs as a transaction."""

from __future__ import annotations

import inspect
import random
import threading
import time
from collections import Counter, deque
from collections.abc import Callable
from pathlib import Path
from typing import Any

from .env import Env
from .errors import (
    AccessDenied,
    AccessError,
    BuiltinError,
    DatabaseError,
    HttpError,
    OdooError,
    SerializationConflict,
    UserError,
)
from .faults import Faults
from .fields import Row
from .models.base import BaseModel
from .models.loading import conflict_answer, unique_answer
from .registry import build
from .settings import Settings
from .storage import Database
from .transaction import Transaction
from .webhooks import Webhooks

SERVER_RETRIES = 5
BASE_COST = 0.020
# Methods that only some series have.
METHOD_SERIES = {"has_access": {18, 19}, "generate_email": {16}, "generate": {19}, "revoke": {19}}
NO_PLAN = "Access to the external API is not included in your current plan. Please upgrade your subscription."


class Engine:
    """A running sandbox of one series. ``pace`` makes calls as slow as on a real server, by sleeping."""

    def __init__(self, *, series: int, path: Path | None = None, database: str = "sandbox", pace: bool = False) -> None:
        self.series = series
        self.name = database
        self.pace = pace
        self.database = Database(path)
        self.settings = Settings.load(self.database.meta.get("settings"))
        self.models: dict[str, BaseModel] = {}
        self.build_models()
        self.faults = Faults()
        self.webhooks = Webhooks(self)
        self.calls: Counter[str] = Counter()
        # When, by whom, what, and in which context: the last calls, for tests of what a client says and how often.
        self.diary: deque[tuple[float, int, str, dict[str, Any]]] = deque(maxlen=20_000)
        self.open: dict[int, Transaction] = {}
        self._open_number = 0
        self._counting = threading.Lock()

    def build_models(self) -> None:
        """Build the models of the series, without the fields that the settings call absent."""
        models = build(self.series)
        for entry in self.settings.absent_fields:
            name, _, absent = entry.partition(":")
            if name in models:
                models[name].fields.pop(absent, None)
        self.models = models

    # -- users --------------------------------------------------------------------------------------------

    def authenticate(self, login: str, secret: str) -> int | bool:
        """Return the uid for a login and its password or key, or False."""
        with self.database.lock:
            for user in self.database.rows("res.users"):
                if user.get("login") == login and user.get("active") and self._secret_fits(user["id"], secret):
                    return int(user["id"])
        return False

    def check_secret(self, uid: Any, secret: Any) -> int:
        """Return the uid. Raises ``AccessDenied`` for a wrong secret."""
        with self.database.lock:
            if isinstance(uid, int) and isinstance(secret, str) and self._secret_fits(uid, secret):
                return uid
        raise AccessDenied()

    def user_of_key(self, key: str) -> int:
        """Return the uid a bearer key belongs to. Raises ``HttpError`` 401."""
        with self.database.lock:
            for entry in self.database.rows("res.users.apikeys"):
                if entry.get("x_sandbox_key") == key and not self._expired(entry):
                    return int(entry["user_id"])
        raise HttpError("Unauthorized", "Invalid apikey", 401)

    def _secret_fits(self, uid: int, secret: str) -> bool:
        user = self.database.table("res.users").rows.get(uid)
        if user is None or not secret:
            return False
        if user.get("x_sandbox_password") == secret:
            # With two-factor login a password opens pages only, no RPC.
            return user.get("login") not in self.settings.two_factor
        return any(
            entry.get("user_id") == uid and entry.get("x_sandbox_key") == secret and not self._expired(entry)
            for entry in self.database.rows("res.users.apikeys")
        )

    def _expired(self, entry: Row) -> bool:
        end = entry.get("expiration_date")
        return end is not None and end < time.strftime("%Y-%m-%d %H:%M:%S", time.gmtime())

    # -- calls --------------------------------------------------------------------------------------------

    def call(self, uid: int, model_name: str, method_name: str, args: list[Any], kwargs: dict[str, Any]) -> Any:
        """Run one RPC call of the two older transports. Raises ``OdooError``."""
        model = self.models.get(model_name)
        if model is None or (model_name.startswith("crm.") and not self.settings.crm_installed):
            raise UserError(f"Object {model_name} doesn't exist")
        context = dict(kwargs.pop("context", None) or {})
        method, kind = self.method(model, method_name)
        if kind == "records" and not args:
            args = [kwargs.pop("ids", [])]
        bound = self.bind(model, method_name, method, args, kwargs)
        return self.run(uid, model_name, method_name, context, bound)

    def method(self, model: BaseModel, name: str) -> tuple[Callable[..., Any], str]:
        """Return a public method and whether it takes ids. Raises as Odoo does for private and unknown ones."""
        if name.startswith("_"):
            private = f"'{model.name}.{name}'" if self.series >= 19 else name
            raise AccessError(f"Private methods (such as {private}) cannot be called remotely.")
        method = getattr(model, name, None)
        kind = getattr(method, "rpc_kind", None)
        if method is None or kind is None or self.series not in METHOD_SERIES.get(name, {self.series}):
            text = (
                f"The method '{model.name}.{name}' does not exist"
                if self.series >= 19
                else f"The method '{name}' does not exist on the model '{model.name}'"
            )
            raise BuiltinError("AttributeError", text)
        return method, kind

    def bind(
        self,
        model: BaseModel,
        name: str,
        method: Callable[..., Any],
        args: list[Any],
        kwargs: dict[str, Any],
    ) -> Callable[[Env], Any]:
        """Return the call still without its environment. Raises ``BuiltinError`` (TypeError) for wrong arguments."""
        try:
            inspect.signature(method).bind(None, *args, **kwargs)
        except TypeError as error:
            owner = "BaseModel" if hasattr(BaseModel, name) else type(model).__name__
            raise BuiltinError("TypeError", f"{owner}.{name}() {error}") from None
        return lambda env: method(env, *args, **kwargs)

    def run(self, uid: int, model: str, method: str, context: dict[str, Any], work: Callable[[Env], Any]) -> Any:
        """Run work as one transaction, again up to five times when another one was first; ``load`` never again."""
        with self._counting:
            self.calls[f"{model}.{method}"] += 1
            self.diary.append((time.time(), uid, f"{model}.{method}", context))
        if self.settings.plan_block:
            raise AccessError(NO_PLAN)
        language = context.get("lang") or "en_US"
        if language != "en_US" and language not in self.settings.languages:
            raise UserError(f"Invalid language code: {language}")
        fault = self.faults.take("error", model, method)
        if fault is not None:
            raise DatabaseError(fault.name, fault.message)
        for attempt in range(SERVER_RETRIES + 1):
            try:
                return self._once(uid, model, method, context, work)
            except SerializationConflict:
                if method == "load":
                    return conflict_answer()
                if attempt == SERVER_RETRIES:
                    break
                time.sleep(random.uniform(0.0, 0.02 * 2**attempt))
            except DatabaseError as error:
                if method == "load" and "UniqueViolation" in error.name:
                    return unique_answer(error.message)
                raise
        raise DatabaseError(
            "psycopg2.errors.SerializationFailure", "could not serialize access due to concurrent update\n"
        )

    def _once(self, uid: int, model: str, method: str, context: dict[str, Any], work: Callable[[Env], Any]) -> Any:
        transaction = Transaction(self.database)
        with self.database.lock:
            transaction.began = self.database.commit_number
            env = Env(self, transaction, uid, context)
            result = self._guarded(work, env)
        if self.pace:
            time.sleep(BASE_COST + env.cost)
        if not transaction.changes:
            return result
        try:
            self._finish_call(transaction, model, method)
        except BaseException:
            self.database.rollback(transaction)
            raise
        return result

    def _finish_call(self, transaction: Transaction, model: str, method: str) -> None:
        """Commit, with the faults ordered for this call and the webhooks on the side of the commit they belong to."""
        late = self.faults.take("late_commit", model, method)
        if late is not None:
            self.database.hold(transaction)
            time.sleep(late.seconds)
        if self.faults.take("conflict", model, method):
            raise SerializationConflict(model)
        if self.faults.take("exhausted", model, method):
            raise DatabaseError(
                "psycopg2.errors.SerializationFailure",
                "could not serialize access due to concurrent update\n",
            )
        before_commit = self.series < 19
        if before_commit:
            self.webhooks.fire(transaction)
        if self.faults.take("rollback", model, method):
            raise UserError("The sandbox was asked to roll this back")
        self.database.commit(transaction)
        if not before_commit:
            self.webhooks.fire(transaction)

    def _guarded(self, work: Callable[[Env], Any], env: Env) -> Any:
        """Turn a Python error of the caller's making into what Odoo would answer."""
        try:
            return work(env)
        except OdooError:
            raise
        except (TypeError, ValueError, KeyError, AttributeError, IndexError) as error:
            raise BuiltinError(type(error).__name__, str(error)) from error

    # -- transactions that stay open ------------------------------------------------------------------------

    def begin(self, uid: int, work: Callable[[Env], Any]) -> tuple[int, Any]:
        """Start a transaction that keeps its rows locked until ``finish``; returns its number and the answer."""
        transaction = Transaction(self.database)
        with self.database.lock:
            transaction.began = self.database.commit_number
            result = self._guarded(work, Env(self, transaction, uid, {}))
            self.database.hold(transaction)
            self._open_number += 1
            self.open[self._open_number] = transaction
            return self._open_number, result

    def finish(self, number: int, *, commit: bool) -> None:
        """Commit or roll back an open transaction. Raises ``KeyError`` for an unknown number."""
        transaction = self.open.pop(number)
        if not commit:
            self.database.rollback(transaction)
            return
        if self.series < 19:
            self.webhooks.fire(transaction)
        self.database.commit(transaction)
        if self.series >= 19:
            self.webhooks.fire(transaction)

    def save_settings(self) -> None:
        """Keep the settings for the next start."""
        self.database.set_meta("settings", self.settings.dump())

    def close(self) -> None:
        """Stop the webhook thread and close the file."""
        self.webhooks.close()
        self.database.close()
