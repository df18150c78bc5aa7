"""Tags, shared by accounts, contacts, leads and opportunities."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from crm.models.base import Record


class Tag(Record):
    """A label. It may have two counterparts in Odoo: a CRM tag and a contact category.

    Unique by its search text, the casefolded name: LOWER() folds ASCII only on SQLite and under the C locale.
    """

    name = models.CharField(_("name"), max_length=120)
    color = models.PositiveSmallIntegerField(_("colour"), default=0)

    class Meta:
        verbose_name = _("tag")
        verbose_name_plural = _("tags")
        ordering = ("name", "id")
        constraints = (
            models.UniqueConstraint(
                fields=("search_text",),
                name="crm_tag_name_ci",
                violation_error_message=_("A tag of this name exists."),
            ),
        )

    def __str__(self) -> str:
        return self.name
