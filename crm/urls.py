"""The addresses of the workspace."""

from __future__ import annotations

from django.urls import path, register_converter

from crm.nouns import Noun, noun_of_key
from crm.views import (
    actions,
    board,
    bulk,
    composer,
    duplicates,
    exports,
    filtering,
    forms,
    history,
    home,
    inplace,
    jobs,
    lists,
    merging,
    moves,
    panels,
    records,
    saved,
    search,
    standing,
    subscriptions,
    tokens,
)
from crm.workbook import OPPORTUNITIES


class NounConverter:
    """`accounts` in an address is the noun; any other word is no address of ours."""

    regex = "[a-z_]+"

    def to_python(self, value: str) -> Noun:
        try:
            return noun_of_key(value)
        except KeyError as error:
            raise ValueError(value) from error

    def to_url(self, value: Noun | str) -> str:
        return value if isinstance(value, str) else value.key


register_converter(NounConverter, "noun")

app_name = "workspace"
urlpatterns = [
    path("", home.home, name="home"),
    path("search/", search.search, name="search"),
    path("search/palette/", search.palette, name="palette"),
    path("standing/", standing.standing, name="standing"),
    path("tokens/", tokens.tokens, name="tokens"),
    path("tokens/<uuid:uuid>/revoke/", tokens.revoke, name="token-revoke"),
    path("jobs/", jobs.listed, name="jobs"),
    path("jobs/bell/", jobs.bell, name="bell"),
    path("jobs/<uuid:uuid>/", jobs.page, name="job"),
    path("jobs/<uuid:uuid>/cancel/", jobs.cancel, name="job-cancel"),
    path("jobs/<uuid:uuid>/undo/", jobs.undo, name="job-undo"),
    path("duplicates/<noun:noun>/", duplicates.finder, name="duplicates"),
    path("duplicates/<noun:noun>/alike/", duplicates.alike, name="alike"),
    path("duplicates/<noun:noun>/apart/", duplicates.apart, name="apart"),
    path("duplicates/<noun:noun>/merge/", merging.merge, name="merge"),
    path("duplicates/<noun:noun>/merges/<uuid:uuid>/back/", merging.take_back, name="merge-back"),
    path("webhooks/", subscriptions.webhooks, name="webhooks"),
    path("webhooks/new/", subscriptions.add, name="webhook-add"),
    path("webhooks/<uuid:uuid>/", subscriptions.webhook, name="webhook"),
    path("webhooks/<uuid:uuid>/edit/", subscriptions.edit, name="webhook-edit"),
    path("webhooks/<uuid:uuid>/pause/", subscriptions.pause, name="webhook-pause"),
    path("webhooks/<uuid:uuid>/resume/", subscriptions.resume, name="webhook-resume"),
    path("webhooks/<uuid:uuid>/secret/", subscriptions.rotate, name="webhook-secret"),
    path("webhooks/<uuid:uuid>/delete/", subscriptions.delete, name="webhook-delete"),
    path("webhooks/<uuid:uuid>/test/", subscriptions.test, name="webhook-test"),
    path("webhooks/<uuid:uuid>/again/<uuid:delivery>/", subscriptions.again, name="webhook-again"),
    path("pick/<str:label>/", forms.pick, name="pick"),
    path("pipeline/", board.board, {"noun": OPPORTUNITIES}, name="board"),
    path("pipeline/filters/", filtering.choose, {"noun": OPPORTUNITIES, "on_board": True}, name="board-filters"),
    path("pipeline/cards/<uuid:stage>/", board.cards, {"noun": OPPORTUNITIES}, name="board-cards"),
    path("pipeline/move/<uuid:uuid>/", moves.move, {"noun": OPPORTUNITIES}, name="board-move"),
    path("pipeline/edit/<uuid:uuid>/", moves.edit, {"noun": OPPORTUNITIES}, name="board-edit"),
    path("pipeline/move/<uuid:uuid>/undo/", moves.take_back, {"noun": OPPORTUNITIES}, name="board-undo"),
    path("<noun:noun>/", lists.record_list, name="list"),
    path("<noun:noun>/filters/", filtering.choose, name="filters"),
    path("<noun:noun>/bulk/", bulk.change, name="bulk"),
    path("<noun:noun>/bulk/undo/", bulk.take_back, name="bulk-undo"),
    path("<noun:noun>/export/", exports.export, name="export"),
    path("<noun:noun>/views/new/", saved.add, name="view-add"),
    path("<noun:noun>/views/default/", saved.opens, name="view-default"),
    path("<noun:noun>/views/<uuid:uuid>/", saved.edit, name="view"),
    path("<noun:noun>/views/<uuid:uuid>/update/", saved.update, name="view-update"),
    path("<noun:noun>/views/<uuid:uuid>/forget/", saved.forget, name="view-forget"),
    path("<noun:noun>/views/<uuid:uuid>/back/", saved.back, name="view-back"),
    path("<noun:noun>/new/", forms.add, name="add"),
    path("<noun:noun>/<uuid:uuid>/", records.record_page, name="record"),
    path("<noun:noun>/<uuid:uuid>/edit/", forms.edit, name="edit"),
    path("<noun:noun>/<uuid:uuid>/field/<str:name>/", inplace.field, name="field"),
    path("<noun:noun>/<uuid:uuid>/history/", history.record_history, name="history"),
    path("<noun:noun>/<uuid:uuid>/panels/", panels.panels, name="panels"),
    path("<noun:noun>/<uuid:uuid>/timeline/", records.earlier, name="timeline"),
    path("<noun:noun>/<uuid:uuid>/write/<slug:kind>/", composer.write, name="write"),
    path("<noun:noun>/<uuid:uuid>/do/<slug:key>/", actions.act, name="do"),
    path("<noun:noun>/<uuid:uuid>/trash/", records.trash, name="trash"),
    path("<noun:noun>/<uuid:uuid>/restore/", records.restore, name="restore"),
]
