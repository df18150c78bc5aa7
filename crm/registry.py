"""Where apps above join the pages of the CRM, which knows none of them; they register in AppConfig.ready()."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from django import forms
from django.utils.safestring import SafeString

from crm.custom import CustomField
from crm.models import OwnFields, Record

# Stands in a record panel that will soon say something else; pages look again.
WAITS = "data-waits"

RecordPanel = Callable[[Record, Any], SafeString]
ListBadges = Callable[[Sequence[Record]], Mapping[uuid.UUID, SafeString]]

DemoMaker = Callable[[Any, Sequence[Any], Callable[..., list[Any]]], None]

_panels: list[RecordPanel] = []
_badges: list[ListBadges] = []
_demo_makers: list[DemoMaker] = []


def register_record_panel(panel: RecordPanel) -> RecordPanel:
    """Show this, read-only, on top of every record's change page; empty means nothing. Usable as a decorator.

    Called once per page with the record as it stands in the database and the user who looks; may cost a few queries.
    """
    if panel not in _panels:
        _panels.append(panel)
    return panel


def register_list_badges(badges: ListBadges) -> ListBadges:
    """Show these in the column “Sync” of the record lists, by the record's uuid. Usable as a decorator.

    Called once per list page with all its rows, so that it costs the same for one row and for fifty.
    """
    if badges not in _badges:
        _badges.append(badges)
    return badges


def record_panels(record: Record, user: Any) -> list[SafeString]:
    """All panels that have something to say to this user about this record."""
    return [shown for panel in _panels if (shown := panel(record, user))]


def list_badges(records: Sequence[Record]) -> dict[uuid.UUID, SafeString]:
    """The badges of these rows, those of several sources joined."""
    joined: dict[uuid.UUID, SafeString] = {}
    for source in _badges:
        for key, badge in source(records).items():
            joined[key] = joined.get(key, SafeString("")) + badge
    return joined


def has_list_badges() -> bool:
    """Whether the column has anything to show."""
    return bool(_badges)


def register_demo_maker(maker: DemoMaker) -> DemoMaker:
    """Let an app add to the demo data: called per block with the world, its accounts, and `save` of crm/demo."""
    if maker not in _demo_makers:
        _demo_makers.append(maker)
    return maker


def demo_makers() -> list[DemoMaker]:
    """All makers, in the order in which the apps joined."""
    return list(_demo_makers)


OwnFieldSource = Callable[[type[Record]], Sequence[CustomField]]
_own_fields: list[OwnFieldSource] = []


def register_own_fields(source: OwnFieldSource) -> OwnFieldSource:
    """Say which fields of the user's own this kind of record has; called once per form and per service call."""
    if source not in _own_fields:
        _own_fields.append(source)
    return source


def own_fields(model: type[Record]) -> list[CustomField]:
    """The fields of the user's own of this kind of record; none where it can have none. One query per source."""
    return [one for source in _own_fields for one in source(model)] if issubclass(model, OwnFields) else []


@dataclass(frozen=True)
class HomeTile:
    """One figure on the first page: what it counts, how many, the list behind it, if any; `alert` asks for a look."""

    title: str
    figure: str
    url: str
    icon: str
    alert: bool = False


HomeTiles = Callable[[Any], Sequence[HomeTile]]
_home_tiles: dict[HomeTiles, bool] = {}


def register_home_tiles(tiles: HomeTiles, *, in_top_bar: bool = False) -> None:
    """Add figures to the first page, called once per view with the user who looks at it.

    With `in_top_bar` they stand on every page too, and are asked for again each minute.
    """
    _home_tiles[tiles] = in_top_bar


def home_tiles(user: Any) -> list[HomeTile]:
    """All figures for this user, in the order in which the apps joined."""
    return [tile for source in _home_tiles for tile in source(user)]


def lights(user: Any) -> list[HomeTile]:
    """Those of the top bar for this user."""
    return [tile for source, in_top_bar in _home_tiles.items() if in_top_bar for tile in source(user)]


@dataclass(frozen=True)
class RecordAction:
    """Something done with one record from its page, after a question.

    `key` stands in its address, `title` on its button, `question` (which may name %(name)s) on its page with
    `sentences` on what will happen. `form` makes the form that is filled in, of the record, the person and what was
    sent. `run` gets the record, `actor`, `expected_version` and the form's values; it returns what is said then and the
    record that is shown. It raises what services raise.
    """

    key: str
    title: Any
    icon: str
    question: Any
    run: Callable[..., tuple[Any, Record]]
    sentences: tuple[Any, ...] = ()
    form: Callable[[Any, Any, Any], forms.Form] | None = None
    main: bool = False


def does(service: Callable[..., Record], said: Any) -> Callable[..., tuple[Any, Record]]:
    """The `run` of an action that is one service; `said` may name %(name)s."""

    def run(record: Any, **values: Any) -> tuple[Any, Record]:
        return said % {"name": record}, service(record, **values)

    return run


RecordActions = Callable[[Record], Sequence[RecordAction]]
_actions: list[RecordActions] = []


def register_record_actions(actions: RecordActions) -> RecordActions:
    """Offer these on a record's page; called once per page, for people who may change the record."""
    if actions not in _actions:
        _actions.append(actions)
    return actions


def record_actions(record: Record) -> list[RecordAction]:
    """All actions on this record as it stands."""
    return [action for source in _actions for action in source(record)]


class EditBook(Protocol):
    """Keeps what one edit of many records changes; called chunk by chunk, in the transaction of the edit."""

    def look(self, rows: Sequence[Any]) -> None:
        """These rows are about to be changed."""

    def keep(self, changed: Sequence[Any], *, same: int, refused: int) -> None:
        """Of the rows looked at last these were changed, so many were so already, and so many were refused."""


EditBooks = Callable[[type[Record], Any], EditBook | None]
_edit_books: list[EditBooks] = []


def register_edit_books(books: EditBooks) -> EditBooks:
    """Keep a book of every edit of many records; called once per edit with the kind of record and who edits."""
    if books not in _edit_books:
        _edit_books.append(books)
    return books


def edit_books(model: type[Record], actor: Any) -> list[EditBook]:
    """All books of an edit that begins."""
    return [book for source in _edit_books if (book := source(model, actor)) is not None]
