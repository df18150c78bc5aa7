"""How a deal looks on the board; all that people typed is escaped."""

from __future__ import annotations

from typing import Any

from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _

from crm import cells, nouns
from crm.icons import icon
from crm.models import Opportunity
from crm.routes import record_address
from crm.workbook import closing

_CARD = (
    '<li class="tandem-card" id="card-{uuid}" data-card data-stage="{stage}" data-version="{version}"{moving}>'
    '<div class="tandem-card-top"><a class="tandem-name" href="{page}" draggable="false"{keys}>{name}</a>{grips}</div>'
    '{who}<p class="tandem-card-line"><strong>{amount}</strong>{closes}</p>'
    '<div class="tandem-card-line text-secondary"><span>{age}</span>{badge}{owner}</div></li>'
)
_GRIPS = (
    '<a class="tandem-grip tandem-edit" href="{page}edit/" hx-get="{edit}" hx-target="#board-move" draggable="false"'
    ' title="{edits}" aria-label="{edits_it}">{edit_icon}</a>'
    '<a class="tandem-grip" href="{move}" hx-get="{move}" hx-target="#board-move" draggable="false" data-grip'
    ' title="{moves}" aria-label="{moves_it}">{move_icon}</a>'
)
_OWNER = (
    '<span class="avatar avatar-xs rounded-circle" title="{0}"><span aria-hidden="true">{1}</span>'
    '<span class="visually-hidden">{0}</span></span>'
)
_KEYS = mark_safe(' aria-keyshortcuts="Alt+ArrowLeft Alt+ArrowRight"')


class Card:
    """Called with a deal and what other apps say about it, it gives the deal's card, a list item.

    `query` is what the board was asked for and stands behind the card's addresses; `movable` tells whether this
    person may move and edit deals. Like a list's cells a card is written here: a hundred of them from a template
    are most of the time of a board.
    """

    def __init__(self, *, query: str, movable: bool) -> None:
        self._query, self._movable = query, movable
        self._since = _("In this stage since")
        self._words = {"edits": _("Edit"), "moves": _("Move")}
        self._edits, self._moves = _("Edit %(name)s"), _("Move %(name)s to another stage")

    def __call__(self, deal: Opportunity, badge: str = "") -> SafeString:
        page, name, owner = nouns.url_of(deal), str(deal), deal.owner
        move = f"{record_address('workspace:board-move', uuid=deal.uuid)}{self._query}"
        who = deal.account or deal.company_name
        return format_html(
            _CARD,
            uuid=deal.uuid,
            stage=deal.stage.uuid,
            version=deal.version,
            moving=format_html(' data-move="{}"', move) if self._movable else "",
            page=page,
            keys=_KEYS if self._movable else "",
            name=name,
            grips=self._grips(deal, page, name, move) if self._movable else "",
            who=format_html('<p class="tandem-card-who">{}</p>', who) if who else "",
            amount=cells.money(deal.amount, deal.currency),
            closes=format_html("<span>{}</span>", closing(deal)) if deal.close_date else "",
            age=cells.age(deal.stage_since, title=self._since),
            badge=badge,
            owner=format_html(_OWNER, str(owner), cells.initials(owner)) if owner else "",
        )

    def _grips(self, deal: Opportunity, page: str, name: str, move: str) -> Any:
        return format_html(
            _GRIPS,
            page=page,
            edit=f"{record_address('workspace:board-edit', uuid=deal.uuid)}{self._query}",
            move=move,
            edits_it=self._edits % {"name": name},
            moves_it=self._moves % {"name": name},
            edit_icon=icon("edit"),
            move_icon=icon("selector"),
            **self._words,
        )
