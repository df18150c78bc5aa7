"""Tags and filters of the workspace's templates."""

from __future__ import annotations

from typing import Any

from django import template
from django.forms import BoundField
from django.utils import timezone
from django.utils.safestring import SafeString

from crm import cells, nouns, places, shortcuts
from crm.icons import icon
from crm.models import Task

register = template.Library()


@register.inclusion_tag("workspace/_sidebar.html", takes_context=True)
def sidebar(context: dict[str, Any]) -> dict[str, Any]:
    """The groups of links that this person may open; the same ones as in the admin's sidebar."""
    return {"groups": places.groups(context["request"])}


@register.filter
def short_links(groups: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The four links of the bottom bar on a phone; everything else stands behind “more”."""
    return [item for group in groups for item in group["items"] if item["short"]][:4]


@register.simple_tag(takes_context=True)
def addable(context: dict[str, Any]) -> list[nouns.Noun]:
    """The nouns of which this person may make a new one."""
    user = context["request"].user
    return [noun for noun in nouns.all_nouns() if noun.allows(user, "add")]


@register.simple_tag(takes_context=True)
def keys(context: dict[str, Any]) -> list[shortcuts.Sheet]:
    """The keyboard shortcuts of this person, by what they are for."""
    return shortcuts.sheets(context["request"].user)


@register.filter
def page(record: Any) -> str:
    """The address of a record's page; "" for none."""
    return nouns.url_of(record) if record is not None else ""


@register.filter
def hint(record: Any) -> str:
    """Which one it is, in a line; its relations are selected along."""
    noun = nouns.noun_of(record)
    return noun.hint(record) if noun else ""


@register.filter
def styled(field: BoundField) -> SafeString:
    """A form field with the theme's classes, marked and described where it was refused."""
    widget = field.field.widget
    kind = getattr(widget, "input_type", "")
    base = {"select": "form-select", "checkbox": "form-check-input", "radio": ""}.get(kind, "form-control")
    if field.use_fieldset:  # many boxes: a class would make a box of their frame
        base = ""
    attrs: dict[str, str | bool] = {"class": f"{base} is-invalid".strip() if field.errors else base}
    if field.errors:
        attrs |= {"aria-invalid": "true", "aria-describedby": f"{field.id_for_label}_error"}
    return field.as_widget(attrs=attrs)


register.simple_tag(icon, name="icon")
register.filter("ago", cells.ago)
register.filter("initials", cells.initials)


@register.filter
def due(task: Task) -> SafeString | str:
    """The day of an open task; a past one says that it is overdue."""
    return cells.day(task.due_on, late=task.due_on is not None and task.due_on < timezone.localdate())
