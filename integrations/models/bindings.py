"""The tie between a business object and a record elsewhere, and what hangs on it."""

from __future__ import annotations

import uuid
from typing import Any

from django.contrib.contenttypes.models import ContentType
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from integrations.models.connections import Connection


def content_type_of(obj: Any) -> ContentType:
    """The concrete content type of a business object, cached by Django."""
    return ContentType.objects.get_for_model(obj)


class ObjectLink(models.Model):
    """Points to a business object by content type and uuid."""

    content_type = models.ForeignKey(ContentType, models.PROTECT, related_name="+", db_index=False)
    object_uuid = models.UUIDField()

    class Meta:
        abstract = True


def external_name(remote_model: str, object_uuid: uuid.UUID, *, again: int = 0) -> str:
    """The name part of an external id (rule 8); never derived from a table.

    `again` counts how often the record was made in Odoo anew: an external id that was used once is not used again.
    """
    number = f"{again + 1}_" if again else ""
    return f"{remote_model.replace('.', '_')}_{number}{object_uuid}"


class Binding(ObjectLink):
    """The tie between one business object and one Odoo record.

    `base` maps Odoo's field name to the pair [here, Odoo] both sides last agreed on, in canonical form.
    `under_way` maps it to the value here that a write carried whose answer is not known yet: what Odoo shows of it is
    no edit of somebody there. Until `hold_until` that write may still arrive (rule 5). `under_way_image` is what it
    overwrites in Odoo, {"run": id, "fields": {name: [before, sent]}}: a before-image as soon as it has arrived.
    `remote_write_date` is Odoo's, whole seconds; `seen_at` is our clock when we first saw that value, and
    `confirmed` says that the row was read once more after the overlap had passed (rule 4). `turn` goes up whenever what
    both sides agree on moves: what was read of the record in an earlier turn is old (rule 6). `run` is the one that
    made the record on the side that lacked it.
    """

    class State(models.TextChoices):
        PENDING = "pending", _("Not in Odoo yet")
        UNKNOWN = "unknown", _("Sent, no answer yet")
        BOUND = "bound", _("In step")
        HELD = "held", _("Held: needs a person")
        GONE = "gone", _("Deleted in Odoo")
        HIDDEN = "hidden", _("Not visible to our user")
        OUT_OF_SCOPE = "out_of_scope", _("Out of scope")

    connection = models.ForeignKey(Connection, models.PROTECT, related_name="bindings", db_index=False)
    remote_model = models.CharField(max_length=64)
    remote_id = models.BigIntegerField(null=True, blank=True)
    external_name = models.CharField(max_length=128)
    state = models.CharField(max_length=12, choices=State.choices, default=State.PENDING)
    base = models.JSONField(default=dict)
    remote_write_date = models.DateTimeField(null=True, blank=True)
    seen_at = models.DateTimeField(null=True, blank=True)
    confirmed = models.BooleanField(default=False)
    turn = models.PositiveIntegerField(default=0)
    under_way = models.JSONField(null=True, blank=True, default=None)
    under_way_image = models.JSONField(null=True, blank=True, default=None)
    hold_until = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(default=timezone.now)
    run = models.ForeignKey(
        "integrations.SyncRun", models.SET_NULL, null=True, blank=True, related_name="made", db_index=False
    )

    class Meta:
        verbose_name = _("binding")
        verbose_name_plural = _("bindings")
        constraints = (
            models.UniqueConstraint(
                fields=("connection", "remote_model", "remote_id"), name="integrations_binding_remote"
            ),
            models.UniqueConstraint(
                fields=("connection", "remote_model", "object_uuid"), name="integrations_binding_object"
            ),
        )
        indexes = (
            models.Index(
                fields=("connection", "remote_model", "seen_at"),
                condition=Q(confirmed=False, remote_id__isnull=False),
                name="integrations_binding_unsure",
            ),
            models.Index(fields=("object_uuid",), name="integrations_binding_of"),
            models.Index(fields=("run", "id"), condition=Q(run__isnull=False), name="integrations_binding_made_by"),
        )

    def __str__(self) -> str:
        return f"{self.remote_model}({self.remote_id or '?'})"

    @property
    def external_id(self) -> str:
        """Module and name; queries the connection when it is not loaded."""
        return f"{self.connection.prefix}.{self.external_name}"


class PendingLink(models.Model):
    """A many2one of a bound record whose value here comes, or changes, with its target.

    Either the target is not here yet; or the value is where the target stands (a person's company), and then the row
    stays for as long as Odoo points there.
    """

    binding = models.ForeignKey(Binding, models.CASCADE, related_name="pending_links")
    field = models.CharField(max_length=64)
    target_model = models.CharField(max_length=64)
    target_id = models.BigIntegerField()

    class Meta:
        constraints = (models.UniqueConstraint(fields=("binding", "field"), name="integrations_pendinglink_once"),)
        indexes = (models.Index(fields=("target_model", "target_id"), name="integrations_pendinglink_to"),)

    def __str__(self) -> str:
        return f"{self.field} → {self.target_model}({self.target_id})"


class RemoteName(models.Model):
    """The name of an Odoo record that has no table here (UTM source, industry, activity type …)."""

    connection = models.ForeignKey(Connection, models.CASCADE, related_name="+")
    remote_model = models.CharField(max_length=64)
    remote_id = models.BigIntegerField()
    name = models.CharField(max_length=255)

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=("connection", "remote_model", "remote_id"), name="integrations_remotename_once"
            ),
        )
        indexes = (models.Index(fields=("connection", "remote_model", "name"), name="integrations_remotename_named"),)

    def __str__(self) -> str:
        return self.name
