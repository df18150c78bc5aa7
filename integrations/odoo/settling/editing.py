"""Giving a mapped field another value here, through the service of its record."""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping
from typing import Any

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from crm.models import Contact, Opportunity, Tag
from crm.services.accounts import update_account
from crm.services.contacts import update_contact
from crm.services.pipeline import lose_opportunity, reopen_opportunity, update_opportunity
from crm.services.tags import update_tag
from integrations.odoo.mappers.crm_lead import Standing
from integrations.odoo.mappers.custom import Custom
from integrations.odoo.mappers.kinds import Field, Json, TagRefs
from leads.services import update_lead

UPDATES: Mapping[str, Callable[..., Any]] = {
    "crm.Account": update_account,
    "crm.Contact": update_contact,
    "crm.Opportunity": update_opportunity,
    "crm.Tag": update_tag,
    "leads.Lead": update_lead,
}


def edit(obj: Any, changes: Mapping[Field, Json], *, actor: Any, announce: bool = True) -> Any:
    """Set these fields, given in their form here, by one call of the record's service; returns the record fresh.

    Raises ValidationError on what the service refuses, and when what a field points to is gone.
    """
    values: dict[str, Any] = {}
    for one, here in changes.items():
        if isinstance(one, TagRefs):
            values["tags"] = list(Tag.objects.filter(pk__in=here))
        elif isinstance(one, Custom):
            values.setdefault("custom", {})[one.own.key] = here
        elif isinstance(one, Standing) and isinstance(obj, Opportunity) and here != "archived":
            obj = _stand(obj, here, actor=actor)
        else:
            values |= _values(obj, one, here)
    if isinstance(obj, Contact) and values.get("archived_at"):
        values["is_primary"] = False
    return UPDATES[obj._meta.label](obj, actor=actor, announce=announce, **values) if values else obj


def _stand(deal: Opportunity, here: Json, *, actor: Any) -> Opportunity:
    """A deal is lost and opened again with all that hangs on it."""
    if deal.archived_at is not None:
        deal = update_opportunity(deal, actor=actor, archived_at=None)  # type: ignore[call-arg]
    if here == "lost":
        return lose_opportunity(deal, actor=actor, reason=deal.lost_reason)
    return reopen_opportunity(deal, actor=actor) if deal.lost_at is not None else deal


def _values(obj: Any, one: Field, here: Json) -> dict[str, Any]:
    """The attributes that this value stands for, as a service takes them."""
    draft = copy.copy(obj)
    try:
        one.write(draft, here)
    except (ValueError, ArithmeticError) as error:
        raise ValidationError(_("“%(value)s” is not valid.") % {"value": here}) from error
    return {name: _value(draft, name) for name in one.attributes}


def _value(draft: Any, name: str) -> Any:
    field = draft._meta.get_field(name)
    key = getattr(draft, field.attname)
    if not field.is_relation or key is None:
        return key
    target = field.related_model._default_manager.filter(pk=key).first()
    if target is None:
        raise ValidationError(_("What this value points to is no longer there."))
    return target
