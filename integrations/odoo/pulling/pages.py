"""All records of a model by id, page by page, as many at a time as Odoo gives without pain."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

from integrations.network.pace import Answer, timed
from integrations.odoo.mappers import ModelMap
from integrations.odoo.wire.session import Rows, Session, in_thread


@dataclass(frozen=True)
class _Coming:
    """A page that was asked for: so many records behind this id."""

    after: int
    size: int
    answer: Future[Answer[Rows]]


def pages(
    session: Session,
    model_map: ModelMap,
    domain: Sequence[Any],
    *,
    after: int = 0,
    before_asking: Callable[[int], None] = lambda last_id: None,
) -> Iterator[Rows]:
    """Yield pages of mapped fields behind the id `after`; the next one is fetched while one is worked on (rule 6).

    A page that was slow makes the next ones smaller; one that was too large for either side is asked for again in
    parts. Raises any other IntegrationError: where the caller goes on later, it does so with smaller pages.
    `before_asking` is called in the caller's thread with the id behind which a page is about to be fetched.
    """
    pace = session.reading(model_map.remote_model)
    session.fields(model_map)  # asked for here, so that the other thread makes one call only
    with ThreadPoolExecutor(max_workers=1) as pool:

        def fetch(last_id: int) -> _Coming:
            size = pace.size
            before_asking(last_id)

            def ask() -> Answer[Rows]:
                return timed(lambda: session.page(model_map, [*domain, ["id", ">", last_id]], limit=size))

            return _Coming(last_id, size, pool.submit(in_thread(session, ask)))

        coming: _Coming | None = fetch(after)
        while coming is not None:
            answer = coming.answer.result()
            if not pace.judge(coming.size, answer):
                coming = fetch(coming.after)
                continue
            rows = answer.get()
            coming = fetch(rows[-1]["id"]) if len(rows) == coming.size else None
            if rows:
                yield rows
