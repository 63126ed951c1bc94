"""The context of a person as their page shows it: where, when, and what they searched for. Out of what was read."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Annotated, Final

from msgspec import Meta, Struct

from headrace.cells import RESOLUTION, cell_name, cell_of
from headrace.domain.events import Event
from headrace.domain.facts import Facts
from headrace.domain.panes import PaneKey
from headrace.domain.whereabouts import MOST_QUERIES, places_of, queries_of
from headrace.serve.here import here_of
from headrace.serve.wire import ContextBody

MOST_CELLS: Final = 8


class PersonContext(Struct, frozen=True):
    """What a list would take for the person's place and time if the request told neither; null where nothing tells."""

    cell: Annotated[str | None, Meta(description=f"H3 cell at resolution {RESOLUTION}, by the newest event or pane")]
    local_hour: int | None
    weekday: Annotated[int | None, Meta(description="0 is Monday")]
    searches: Annotated[tuple[str, ...], Meta(description=f"The newest {MOST_QUERIES} distinct queries, newest first")]
    cells: Annotated[Mapping[str, int], Meta(description="Cell to five-minute panes that ended in it, most first")]


def context_of(tail: Sequence[Event], panes: Mapping[PaneKey, Facts], clock: int) -> PersonContext:
    """Queries of the tail come first, as they know the order within a pane; then those that only panes remember."""
    here = here_of(ContextBody(), tail, panes, clock)
    newest_first = sorted(tail, key=lambda event: (event.occurred_at, event.event_id), reverse=True)
    searched = [event.query for event in newest_first if event.kind == "search" and event.query is not None]
    queries = dict.fromkeys([*searched, *queries_of(panes, MOST_QUERIES + len(set(searched)))])
    cells = Counter(cell_name(cell_of(place)[0]) for place in places_of(panes))  # of equal counts the newer cell
    return PersonContext(
        cell=None if here.cell is None else cell_name(here.cell),
        local_hour=here.hour,
        weekday=here.weekday,
        searches=tuple(queries)[:MOST_QUERIES],
        cells=dict(cells.most_common(MOST_CELLS)),
    )
