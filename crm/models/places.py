"""Countries and their states, as Odoo knows them."""

from __future__ import annotations

import uuid

from django.db import models
from django.utils.translation import gettext_lazy as _


class Country(models.Model):
    """A country by its ISO 3166-1 alpha-2 code."""

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    code = models.CharField(_("code"), max_length=2, unique=True)
    name = models.CharField(_("name"), max_length=120)

    class Meta:
        verbose_name = _("country")
        verbose_name_plural = _("countries")
        ordering = ("name", "id")

    def __str__(self) -> str:
        return self.name


class CountryState(models.Model):
    """A state or province of a country, by Odoo's code within it."""

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    country = models.ForeignKey(Country, models.CASCADE, related_name="states", verbose_name=_("country"))
    code = models.CharField(_("code"), max_length=16)
    name = models.CharField(_("name"), max_length=120)

    class Meta:
        verbose_name = _("state")
        verbose_name_plural = _("states")
        ordering = ("country_id", "name", "id")
        constraints = (models.UniqueConstraint(fields=("country", "code"), name="crm_state_country_code"),)

    def __str__(self) -> str:
        return self.name
