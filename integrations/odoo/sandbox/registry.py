"""All models of a series."""

from __future__ import annotations

import inspect
from types import ModuleType

from .models import activity, automation, directory, lead, mail, partner, technical, templates, wizards
from .models.base import BaseModel
from .models.chatter import Chatter

SOURCES: tuple[ModuleType, ...] = (
    activity,
    automation,
    directory,
    lead,
    mail,
    partner,
    technical,
    templates,
    wizards,
)


def build(series: int) -> dict[str, BaseModel]:
    """Return one object per model that the series has."""
    models: dict[str, BaseModel] = {}
    for source in SOURCES:
        for _, one in inspect.getmembers(source, inspect.isclass):
            if issubclass(one, BaseModel) and one not in (BaseModel, Chatter) and one.since <= series <= one.until:
                models[one.name] = one(series)
    return models
