"""Who asks, and whose record it is: everybody the access matrix knows, and a record of each noun for each of them.

What a role may do is written down here by hand, not asked of the code that is tested.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from crm.models import User
from tests import factories

ROLES = ("super_admin", "admin", "sales_manager", "sales_user", "read_only")
NOBODY = "nobody"
WHOSE = ("own", "team", "free", "other")
WRITERS = ("super_admin", "admin", "sales_manager", "sales_user")
# The factory of each noun, the field that names its owner, and the one that names it.
NOUNS: dict[str, tuple[Any, str, str]] = {
    "accounts": (factories.AccountFactory, "manager", "name"),
    "contacts": (factories.ContactFactory, "owner", "name"),
    "leads": (factories.LeadFactory, "owner", "name"),
    "opportunities": (factories.OpportunityFactory, "owner", "name"),
    "activities": (factories.ActivityFactory, "owner", "subject"),
    "tasks": (factories.TaskFactory, "assignee", "title"),
}


def sees(role: str, whose: str) -> bool:
    """Sales users see their own, their team's and unowned records; all others everything."""
    return role != NOBODY and (role != "sales_user" or whose != "other")


def word(noun: str, whose: str) -> str:
    """What a record is called: a word that stands on a page only where the record does."""
    return f"zz{noun}{whose}zz"


@dataclass
class World:
    """Somebody of one role with a team mate, a stranger, and the records of each; `user` is None for nobody."""

    role: str
    user: User | None = None
    records: dict[str, dict[str, Any]] = field(default_factory=dict)
    notes: dict[str, Any] = field(default_factory=dict)
    tag: Any = None

    def uuid(self, noun: str, whose: str) -> str:
        """The uuid of one record."""
        if noun == "notes":
            return str(self.notes[whose].uuid)
        return str(self.tag.uuid if noun == "tags" else self.records[noun][whose].uuid)


def made(role: str) -> World:
    """The world of this role."""
    team, another = factories.TeamFactory(), factories.TeamFactory()
    world = World(role)
    mine = factories.UserFactory(role=role if role != NOBODY else "sales_user", team=team, name="Me")
    world.user = mine if role != NOBODY else None
    owners = {
        "own": mine,
        "team": factories.UserFactory(team=team, name="Mate"),
        "free": None,
        "other": factories.UserFactory(team=another, name="Stranger"),
    }
    stage = factories.StageFactory()
    for noun, (factory, owner, name) in NOUNS.items():
        more = {"stage": stage} if noun == "opportunities" else {}
        world.records[noun] = {
            whose: factory(**{owner: owners[whose], name: word(noun, whose)}, **more) for whose in WHOSE
        }
    for whose in WHOSE:
        account = world.records["accounts"][whose]
        world.notes[whose] = factories.NoteFactory(body=word("notes", whose), account=account)
    world.tag = factories.TagFactory(name="zztagzz")
    return world


def shown(text: str, noun: str) -> set[str]:
    """Whose records of this noun stand in a text."""
    return {whose for whose in WHOSE if word(noun, whose) in text}


def expected(role: str) -> set[str]:
    """Whose records a role sees."""
    return {whose for whose in WHOSE if sees(role, whose)}
