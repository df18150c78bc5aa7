"""Writing: create, write, unlink and archive, for every model; models add their own behaviour in hooks."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .. import access
from ..errors import BuiltinError, RequiredError, ValidationError, value_error
from ..fields import MANY, Field, Row, many2many
from .reading import Reading
from .rpc import id_list, on_model, on_records

if TYPE_CHECKING:
    from ..env import Env

KEPT = frozenset({"id", "create_uid", "create_date", "write_uid", "write_date", "display_name", "__last_update"})


class Writing(Reading):
    """The half of a model that changes rows."""

    # -- hooks --------------------------------------------------------------------------------------------

    def defaults(self, env: Env) -> Row:
        """Return values for a new record where the caller gave none."""
        return {"active": True} if "active" in self.fields else {}

    def prepare(self, env: Env, values: Row, *, old: Row | None) -> Row:
        """Change the values of one record before they are stored; ``old`` is None for a new one."""
        return values

    def after_create(self, env: Env, row: Row, given: Row) -> None:
        """Do what follows from a new row."""

    def after_write(self, env: Env, old: Row, row: Row, given: Row) -> None:
        """Do what follows from a changed row."""

    def before_unlink(self, env: Env, row: Row) -> None:
        """Do what must happen before a row goes."""

    def names_every_row(self, env: Env) -> bool:
        """Whether one refused row makes ``load`` name all rows of the batch."""
        return False

    def before_load_update(self, env: Env, values: Row) -> None:
        """Refuse what ``load`` may not do to a record that exists."""

    # -- inside -------------------------------------------------------------------------------------------

    def convert(self, env: Env, values: Row) -> Row:
        """Return stored forms; many2many commands stay as they are until the old value is known."""
        converted: Row = {}
        for name, value in values.items():
            own = self.fields.get(name)
            if own is None:
                where = f"in '{self.name}'" if env.series >= 19 else f"on model '{self.name}'"
                raise value_error(f"Invalid field '{name}' {where}")
            if name in KEPT or own.compute is not None:
                continue
            converted[name] = value if own.type in MANY else own.convert(self.name, value)
        return converted

    def check_company(self, env: Env, values: Row) -> None:
        """Raise ``AccessError`` for a company outside the allowed ones."""
        company = values.get("company_id")
        if company and not env.is_admin and self.visible(env) is not None and company not in env.companies:
            raise self.hidden(env, [{"id": 0, **values}], "create")

    def check_links(self, env: Env, values: Row) -> None:
        """Raise Odoo's error for a many2one that points nowhere, or to a company that is not allowed."""
        self.check_company(env, values)
        for name, value in values.items():
            own = self.fields[name]
            if own.type != "many2one" or not value or env.tx.get(own.relation or "", value) is not None:
                continue
            if own.looked_up:
                raise env.model(own.relation or "").missing(env, [value])
            raise ValidationError(self._dangling(env, own))

    def _dangling(self, env: Env, own: Field) -> str:
        if env.series >= 19:
            return (
                "The operation cannot be completed: Another model is using the record you are trying to delete."
                f"\n\nThe troublemaker is: '{self.label}' ({self.name})\n"
                f"Thanks to the following constraint: '{own.string}' ({own.name})\n"
                "How about archiving the record instead?"
            )
        return (
            "The operation cannot be completed: another model requires the record being deleted. If possible, "
            f"archive it instead.\n\nModel: {self.label} ({self.name})\n"
            f"Constraint: {self.name.replace('.', '_')}_{own.name}_fkey\n"
        )

    def check_required(self, env: Env, row: Row) -> None:
        """Raise ``RequiredError`` for the first mandatory field that is empty."""
        for own in self.fields.values():
            if own.required and own.store and row.get(own.name) is None and own.type not in ("boolean",):
                raise self.required_error(env, own)

    def required_error(self, env: Env, own: Field) -> RequiredError:
        """Return Odoo's words for a mandatory field that is empty."""
        short = f"Missing required value for the field '{own.string}' ({own.name})"
        long = (
            f"{short}.\nModel: '{self.label}' ({self.name})\n- create/update: a mandatory field is not set\n"
            "- delete: another model requires the record being deleted, you can archive it instead\n"
        )
        old_style = (
            "The operation cannot be completed:\n- Create/update: a mandatory field is not set.\n"
            "- Delete: another model requires the record being deleted. If possible, archive it instead.\n\n"
            f"Model: {self.label} ({self.name})\nField: {own.string} ({own.name})\n"
        )
        if env.series >= 19:
            message = f"The operation cannot be completed: {long}"
            return RequiredError(message, field=own.name, load_message=long)
        return RequiredError(old_style, field=own.name, load_message=short)

    def merged(self, row: Row, values: Row) -> Row:
        """Return a new row with the values laid over the old one, without empty ones."""
        new = dict(row)
        for name, value in values.items():
            if self.fields[name].type in MANY:
                value = many2many(new.get(name, []), value) or None
            if value is None or value is False:
                new.pop(name, None)
            else:
                new[name] = value
        return new

    def store(self, env: Env, row: Row, changed: frozenset[str], kind: str = "write") -> Row:
        """Put a row with this transaction's stamp and remember the event for webhooks."""
        row["write_date"] = env.tx.now
        row["write_uid"] = env.uid
        env.tx.put(self.name, row)
        env.tx.events.append((kind, self.name, row["id"], changed))
        return row

    def touch(self, env: Env, row: Row) -> None:
        """Move only the write_date."""
        self.store(env, dict(row), frozenset())

    def patch(self, env: Env, row: Row, values: Row) -> Row:
        """Write stored values without any follow-up."""
        return self.store(env, self.merged(row, values), frozenset(values))

    def insert(self, env: Env, values: Row) -> Row:
        """Make one record from RPC values, with all that follows; no rights are asked."""
        _ = env.companies
        given = self.convert(env, values)
        full: Row = {name: value for name, value in self.defaults(env).items() if name in self.fields}
        for key, value in env.context.items():
            if key.startswith("default_") and key[8:] in self.fields:
                full[key[8:]] = value
        full.update(given)
        full = self.prepare(env, full, old=None)
        self.check_links(env, full)
        row = self.merged({"id": env.engine.database.next_id(self.name)}, full)
        row["create_uid"] = env.uid
        row["create_date"] = env.tx.now
        self.check_required(env, row)
        self.store(env, row, frozenset(given), "create")
        self.after_create(env, row, given)
        return env.tx.get(self.name, row["id"]) or row

    def change(self, env: Env, row: Row, values: Row) -> None:
        """Write RPC values to one record, with all that follows; no rights are asked."""
        given = self.convert(env, values)
        full = self.prepare(env, dict(given), old=row)
        self.check_links(env, full)
        new = self.merged(row, full)
        self.check_required(env, new)
        self.store(env, new, frozenset(given))
        self.after_write(env, row, new, given)

    def remove(self, env: Env, row: Row) -> None:
        """Delete one record with its external ids, messages and activities."""
        self.before_unlink(env, row)
        env.tx.delete(self.name, row["id"])
        env.tx.events.append(("unlink", self.name, row["id"], frozenset()))
        for entry in env.tx.by("ir.model.data", "res_id", [row["id"]]):
            if entry["model"] == self.name:
                env.tx.delete("ir.model.data", entry["id"])
        for follower, link in (("mail.message", "model"), ("mail.activity", "res_model")):
            for one in env.tx.by(follower, "res_id", [row["id"]]):
                if one.get(link) == self.name:
                    env.model(follower).remove(env, one)

    # -- called from outside ------------------------------------------------------------------------------

    @on_model
    def create(self, env: Env, vals_list: Any) -> Any:
        """Make records: a list gives ids in its order, one dict gives one id."""
        access.check(env, self, "create")  # type: ignore[arg-type]
        many = vals_list if isinstance(vals_list, list) else [vals_list]
        if any(not isinstance(values, dict) for values in many):
            raise BuiltinError("AttributeError", "'str' object has no attribute 'items'")
        ids = [self.insert(env, values)["id"] for values in many]
        env.cost += 0.035 + (len(ids) - 1) * (0.0044 if env.quiet else 0.012)
        return ids if isinstance(vals_list, list) else ids[0]

    @on_records
    def write(self, env: Env, ids: Any, vals: Row) -> bool:
        """Write the same values to records. Raises ``MissingError`` if one is gone; then nothing is written."""
        access.check(env, self, "write")  # type: ignore[arg-type]
        for row in self.known(env, id_list(ids)):
            self.change(env, env.tx.get(self.name, row["id"]) or row, vals)
        env.cost += 0.008 + max(0, len(id_list(ids)) - 1) * 0.004
        return True

    @on_records
    def unlink(self, env: Env, ids: Any) -> bool:
        """Delete records."""
        access.check(env, self, "unlink")  # type: ignore[arg-type]
        for row in self.known(env, id_list(ids)):
            self.remove(env, row)
        return True

    @on_records
    def action_archive(self, env: Env, ids: Any) -> bool:
        """Archive records; those that are archived already are not touched."""
        return self.write(env, self._in_state(env, ids, active=True), {"active": False})

    @on_records
    def action_unarchive(self, env: Env, ids: Any) -> bool:
        """Bring archived records back; the others are not touched."""
        return self.write(env, self._in_state(env, ids, active=False), {"active": True})

    def _in_state(self, env: Env, ids: Any, *, active: bool) -> list[int]:
        return [row["id"] for row in self.known(env, id_list(ids)) if bool(row.get("active")) is active]

    @on_records
    def toggle_active(self, env: Env, ids: Any) -> bool:
        """Flip the archive state of each record."""
        for row in self.known(env, id_list(ids)):
            self.write(env, [row["id"]], {"active": not row.get("active")})
        return True

    @on_model
    def default_get(self, env: Env, fields_list: list[str]) -> Row:
        """Return default values."""
        defaults = self.defaults(env)
        return {name: defaults[name] for name in fields_list if name in defaults}
