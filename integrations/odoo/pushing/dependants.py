"""Who waits for whom on the way to Odoo: parents before children, and children again when their parent has arrived."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.apps import apps
from django.db import transaction
from django.utils import timezone

from integrations import outbox
from integrations.models import Binding, Connection, OutboxMessage
from integrations.odoo.applying.tagging import TAG_MODELS
from integrations.odoo.mappers.refs import TABLES
from integrations.outbox import Route

OPEN = (OutboxMessage.Status.WAITING, OutboxMessage.Status.CLAIMED)


def waiting_for(connection: Connection, missing: Sequence[tuple[str, Any]]) -> str:
    """Say what must be in Odoo first, or "" when nothing on its way is waited for.

    What is parked or held is not waited for: the column stays out, and the record is announced again when it binds.
    A tag that was never announced is, here. One or two queries per missing target.
    """
    for remote_model, key in missing:
        target = _object(remote_model, key)
        if target is None:
            continue
        mine = {"connection": connection, "remote_model": remote_model, "object_uuid": target.uuid}
        binding = Binding.objects.filter(**mine).first()
        if binding is not None and binding.state in (Binding.State.HELD, Binding.State.GONE):
            continue
        if OutboxMessage.objects.filter(**mine, status__in=OPEN).exists():
            return f"{target._meta.verbose_name} “{target}”"
        if remote_model in TAG_MODELS and binding is None:
            with transaction.atomic():
                outbox.announce(target, routes=[Route(remote_model)])
            return f"{target._meta.verbose_name} “{target}”"
    return ""


def _object(remote_model: str, key: Any) -> Any:
    for label in TABLES[remote_model]:
        table = apps.get_model(label)
        kind, _, pk = str(key).rpartition(":")
        if not kind or kind == table._meta.model_name:
            return table._default_manager.filter(pk=int(pk)).first()
    return None


def announce_again(fresh: Sequence[Any]) -> None:
    """Queue what points to records that have just got their Odoo id, so that the link follows. Up to six queries."""
    accounts = [obj.pk for obj in fresh if obj._meta.label == "crm.Account"]
    contacts = [obj.pk for obj in fresh if obj._meta.label == "crm.Contact"]
    waiting: list[Any] = []
    if accounts:
        for label, name in (
            ("crm.Account", "parent_id__in"),
            ("crm.Contact", "account_id__in"),
            ("leads.Lead", "account_id__in"),
            ("crm.Opportunity", "account_id__in"),
        ):
            waiting += _bound(apps.get_model(label), {name: accounts})
    if contacts:
        for label in ("leads.Lead", "crm.Opportunity"):
            waiting += _bound(apps.get_model(label), {"contact_id__in": contacts})
    if waiting:
        outbox.announce(*waiting)


def wake(connection: Connection) -> None:
    """Let everything that waits for something else look again at once. One query, more only when something waits."""
    waiting = OutboxMessage.objects.filter(connection=connection, status=OutboxMessage.Status.WAITING).exclude(
        waits_for=""
    )
    models = set(waiting.values_list("remote_model", flat=True))
    if models:
        waiting.update(due_at=timezone.now())
        for remote_model in sorted(models):
            outbox.ring(connection.pk, remote_model)


def _bound(table: Any, where: dict[str, Any]) -> list[Any]:
    rows = list(table._default_manager.filter(**where)[:1000])
    bound = set(
        Binding.objects.filter(object_uuid__in=[row.uuid for row in rows], remote_id__isnull=False).values_list(
            "object_uuid", flat=True
        )
    )
    return [row for row in rows if row.uuid in bound]
