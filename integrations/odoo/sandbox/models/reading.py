"""Reading: search, read, names, field descriptions and external ids, for every model."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from .. import access
from ..domains import Test, compile_domain, names_field, top_leaves
from ..errors import AccessError, MissingError, value_error
from ..fields import MANY, NUMBERS, Field, Row
from .rpc import id_list, on_model, on_records

if TYPE_CHECKING:
    from ..env import Env

STAMPS = ("write_date", "create_date", "__last_update")


class Reading:
    """The half of a model that changes nothing."""

    name: str
    label: str
    order: str
    rec_name: str
    fields: dict[str, Field]

    # -- rows ---------------------------------------------------------------------------------------------

    def display(self, env: Env, row: Row) -> str:
        """Return the display name of a row."""
        return str(row.get(self.rec_name) or f"{self.name},{row['id']}")

    def visible(self, env: Env) -> Test | None:
        """Return the record rule for this user, or None when everything is visible."""
        if env.is_system or "company_id" not in self.fields or self.name.startswith("res.users"):
            return None
        companies = env.companies
        if len(env.engine.database.table("res.company").rows) == 1:
            return None
        return lambda row: not row.get("company_id") or row["company_id"] in companies

    def _candidates(self, env: Env, domain: Any) -> Iterable[Row]:
        tx = env.tx
        indexed = tx.database.table(self.name).indexes
        for path, operator, value in top_leaves(domain):
            values = value if isinstance(value, list | tuple) else [value]
            if operator not in ("=", "in", ">=", ">") or None in values or False in values:
                continue
            if path == "id" and operator in ("=", "in"):
                return tx.some(self.name, dict.fromkeys(values))
            if path in indexed and operator in ("=", "in"):
                return tx.by(self.name, path, values)
            if path == "write_date" and operator in (">=", ">"):
                return tx.since(self.name, str(value))
        return tx.rows(self.name)

    def find(self, env: Env, domain: Any, order: str | None = None, *, archived: bool = False) -> list[Row]:
        """Return matching rows in order, archived ones only if asked here, in the context or in the domain."""
        test = compile_domain(env, self, domain)  # type: ignore[arg-type]
        found: Iterable[Row] = self._candidates(env, domain)
        rule = self.visible(env)
        if rule is not None:
            found = filter(rule, found)
        hide = "active" in self.fields and not archived and env.context.get("active_test", True)
        if hide and not names_field(domain, "active"):
            rows = [row for row in found if row.get("active") and test(row)]
        else:
            rows = [row for row in found if test(row)] if domain else list(found)
        return self.sort(env, rows, order or self.order)

    def sort(self, env: Env, rows: list[Row], order: str) -> list[Row]:
        """Sort by an Odoo order clause; empty values come last going up, first going down."""
        for term in reversed(order.split(",")):
            words = term.split()
            own = self.fields.get(words[0]) if words else None
            if own is None:
                raise value_error(f"Invalid field {words[0] if words else term!r} on model {self.name!r}")
            rows.sort(key=self._key(env, own), reverse=len(words) > 1 and words[1].lower() == "desc")
        return rows

    def _key(self, env: Env, own: Field) -> Any:
        name = own.name
        if name == "id" or name in STAMPS:
            return lambda row: row[name]
        if own.type in NUMBERS or own.type == "boolean":
            return lambda row: row.get(name, own.empty)
        if own.relation and own.type not in MANY:
            target = env.model(own.relation)
            names = {row["id"]: target.display(env, row) for row in env.tx.rows(target.name)}
            return lambda row: (row.get(name) is None, names.get(row.get(name, 0), "").casefold())
        if own.compute is not None:
            compute = own.compute
            return lambda row: str(compute(env, row)).casefold()
        return lambda row: (row.get(name) is None, str(row.get(name, "")).casefold())

    def known(self, env: Env, ids: Iterable[int]) -> list[Row]:
        """Return the rows of these ids. Raises ``MissingError`` naming those that are gone."""
        rows = []
        gone = []
        for record_id in ids:
            row = env.tx.get(self.name, record_id)
            if row is None:
                gone.append(record_id)
            else:
                rows.append(row)
        if gone:
            raise self.missing(env, gone)
        rule = self.visible(env)
        if rule is not None and not all(map(rule, rows)):
            raise self.hidden(env, [row for row in rows if not rule(row)])
        return rows

    def missing(self, env: Env, ids: list[int]) -> MissingError:
        """Return Odoo's error for records that are gone."""
        listed = ", ".join(map(str, ids)) + ("," if len(ids) == 1 else "")
        return MissingError(
            f"Record does not exist or has been deleted.\n(Record: {self.name}({listed}), User: {env.uid})"
        )

    def hidden(self, env: Env, rows: list[Row], operation: str = "read") -> AccessError:
        """Return Odoo's error for records that a rule hides."""
        listed = "\n".join(f"- {self.label}, {self.display(env, row)} ({self.name}: {row['id']})" for row in rows)
        return AccessError(
            f"Uh-oh! Looks like you have stumbled upon some top-secret records.\n\n"
            f"Sorry, {env.user.get('name')} (id={env.uid}) doesn't have '{operation}' access to:\n{listed}\n\n"
            "If you really, really need access, perhaps you can win over your friendly administrator "
            "with a batch of freshly baked cookies."
        )

    def answer(self, env: Env, rows: list[Row], names: list[str] | None, *, classic: bool) -> list[Row]:
        """Turn rows into what ``read`` answers; many2one names only when ``classic``."""
        chosen = self._chosen(env, names)
        if names and "write_date" in names and {own.name for own in chosen} <= {"id", "write_date"}:
            env.cost += len(rows) * 0.000003
            return [{"id": row["id"], "write_date": row["write_date"][:19]} for row in rows]
        plain = {own.name: own.empty for own in chosen}
        plain = {"id": 0, **plain}
        answers = [{name: row.get(name, empty) for name, empty in plain.items()} for row in rows]
        for own in chosen:
            name = own.name
            if own.compute is not None:
                compute = own.compute
                for row, one in zip(rows, answers, strict=True):
                    one[name] = compute(env, row)
            elif name in STAMPS:
                for one in answers:
                    one[name] = one[name][:19]
            if classic and own.type == "many2one":
                self._add_names(env, own, answers)
        if env.engine.settings.translations:
            self._translate(env, answers)
        env.cost += len(rows) * (0.000145 if classic else 0.0001)
        return answers

    def _translate(self, env: Env, answers: list[Row]) -> None:
        """Lay the texts of the context's language over the answers; without one Odoo answers in English."""
        language = env.context.get("lang")
        for key, text in env.engine.settings.translations.items():
            code, model, record_id, name = key.split(":")
            if (code, model) == (language, self.name):
                for one in answers:
                    if one["id"] == int(record_id) and name in one:
                        one[name] = text

    def _add_names(self, env: Env, own: Field, answers: list[Row]) -> None:
        target = env.model(own.relation or "")
        wanted = {one[own.name] for one in answers if one[own.name]}
        names = {row["id"]: target.display(env, row) for row in env.tx.some(target.name, wanted)}
        for one in answers:
            value = one[own.name]
            if value:
                one[own.name] = [value, names[value]] if value in names else False

    def _chosen(self, env: Env, names: list[str] | None) -> list[Field]:
        chosen = []
        for name in names or list(self.fields):
            own = self.fields.get(name)
            if own is None:
                where = f"'{self.name}'" if env.series >= 19 else f"model '{self.name}'"
                raise value_error(f"Invalid field '{name}' on {where}")
            if f"{self.name}:{name}" in env.engine.settings.refused_fields and not env.is_admin:
                raise AccessError(
                    f'You do not have enough rights to access the field "{name}" on {self.label} ({self.name}). '
                    "Please contact your system administrator.\n\nOperation: read"
                )
            chosen.append(own)
        return chosen

    # -- called from outside ------------------------------------------------------------------------------

    @on_model
    def search(
        self,
        env: Env,
        domain: Any = None,
        offset: int = 0,
        limit: int | None = None,
        order: str | None = None,
    ) -> list[int]:
        """Return ids."""
        access.check(env, self, "read")  # type: ignore[arg-type]
        ids = [row["id"] for row in self.find(env, domain, order)]
        env.cost += len(ids) * 0.000003
        return _page(ids, offset, limit)

    @on_model
    def search_count(self, env: Env, domain: Any = None, limit: int | None = None) -> int:
        """Return the number of matches, at most ``limit``."""
        access.check(env, self, "read")  # type: ignore[arg-type]
        count = len(self.find(env, domain, "id"))
        return min(count, limit) if limit else count

    @on_model
    def search_read(
        self,
        env: Env,
        domain: Any = None,
        fields: list[str] | None = None,
        offset: int = 0,
        limit: int | None = None,
        order: str | None = None,
        load: str | None = "_classic_read",
    ) -> list[Row]:
        """Search and read in one call."""
        access.check(env, self, "read")  # type: ignore[arg-type]
        rows = _page(self.find(env, domain, order), offset, limit)
        return self.answer(env, rows, fields, classic=bool(load))

    @on_records
    def read(
        self, env: Env, ids: Any, fields: list[str] | None = None, load: str | None = "_classic_read"
    ) -> list[Row]:
        """Read in the order asked; what is gone is left out, what is hidden is refused."""
        access.check(env, self, "read")  # type: ignore[arg-type]
        rows = list(env.tx.some(self.name, id_list(ids)))
        rule = self.visible(env)
        if rule is not None and not all(map(rule, rows)):
            raise self.hidden(env, [row for row in rows if not rule(row)])
        return self.answer(env, rows, fields, classic=bool(load))

    @on_model
    def name_search(
        self,
        env: Env,
        name: str = "",
        args: Any = None,
        operator: str = "ilike",
        limit: int | None = 100,
        domain: Any = None,
    ) -> list[list[Any]]:
        """Return ``[id, display name]`` pairs."""
        access.check(env, self, "read")  # type: ignore[arg-type]
        wanted = [*(domain or args or [])]
        if name:
            wanted.append(["display_name", operator, name])
        rows = _page(self.find(env, wanted), 0, limit)
        return [[row["id"], self.display(env, row)] for row in rows]

    @on_model
    def fields_get(
        self, env: Env, allfields: list[str] | None = None, attributes: list[str] | None = None
    ) -> dict[str, Any]:
        """Describe fields; unknown names are left out."""
        described = {}
        for name, own in self.fields.items():
            if allfields and name not in allfields:
                continue
            full = own.describe()
            described[name] = {key: full[key] for key in full if not attributes or key in attributes}
        return described

    @on_model
    def check_access_rights(self, env: Env, operation: str, raise_exception: bool = True) -> bool:
        """Tell or demand a right."""
        if raise_exception:
            access.check(env, self, operation)  # type: ignore[arg-type]
        return access.allowed(env, self.name, operation)

    @on_records
    def has_access(self, env: Env, ids: Any, operation: str) -> bool:
        """Tell a right; from 18 on."""
        return access.allowed(env, self.name, operation)

    @on_records
    def get_external_id(self, env: Env, ids: Any) -> dict[int, str]:
        """Return the oldest external id of each record, ``""`` for none or for a record that is gone."""
        wanted = id_list(ids)
        found: dict[int, str] = dict.fromkeys(wanted, "")
        for entry in env.tx.by("ir.model.data", "res_id", wanted):
            if entry["model"] == self.name and not found[entry["res_id"]]:
                found[entry["res_id"]] = entry["complete_name"]
        return found

    @on_records
    def get_metadata(self, env: Env, ids: Any) -> list[Row]:
        """Return who made and wrote each record, and all its external ids."""
        answers = self.read(env, ids, ["create_uid", "create_date", "write_uid", "write_date"])
        for one in answers:
            entries = [
                entry for entry in env.tx.by("ir.model.data", "res_id", [one["id"]]) if entry["model"] == self.name
            ]
            one["xmlid"] = entries[0]["complete_name"] if entries else False
            one["noupdate"] = False
            one["xmlids"] = [{"xmlid": entry["complete_name"], "noupdate": False} for entry in reversed(entries)]
        return answers


def _page(items: list[Any], offset: int | None, limit: int | None) -> list[Any]:
    start = offset or 0
    return items[start : start + limit] if limit else items[start:]
