"""What panes tell of where a person was and what they searched for. No cells, no stores; ranking reads none of it.

A search counts twice: in the cell of its category and content type, as every event, and, for its query, in a cell of
its own whose category is the query and whose content type is SEARCHED. So queries are facts like all others.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import numpy as np

from headrace.domain.events import Event, Place
from headrace.domain.facts import PLACE_OF, Facts
from headrace.domain.pane_table import PaneTable, table_of
from headrace.domain.panes import PaneKey, pane_of
from headrace.domain.places import place_of

SEARCHED: Final = ""
"""The content type of no event: the contract asks for one character at least."""

MOST_QUERIES: Final = 8

_PLACE: Final = PLACE_OF["place_newest"]
_OFFSET: Final = PLACE_OF["tz_offset_max"]
_SEARCHES: Final = PLACE_OF["n_search"]


def search_key(event: Event) -> PaneKey | None:
    """The cell of its own that an event's query has; None where it is no search or says no query."""
    if event.kind != "search" or event.query is None:
        return None
    return pane_of(event.occurred_at), event.query, SEARCHED


def without_searches(panes: Mapping[PaneKey, Facts]) -> Mapping[PaneKey, Facts]:
    """The cells in which every event counts once."""
    return {key: facts for key, facts in panes.items() if key[2] != SEARCHED}


def queries_of(panes: Mapping[PaneKey, Facts], most: int = MOST_QUERIES) -> tuple[str, ...]:
    """The newest distinct queries, newest first; of one pane the one searched for more often, then by text."""
    turns = sorted(
        (-start_ms, -int(facts[_SEARCHES]), query)
        for (start_ms, query, content_type), facts in panes.items()
        if content_type == SEARCHED
    )
    return tuple(dict.fromkeys(query for _, _, query in turns))[:most]


def places_of(panes: Mapping[PaneKey, Facts]) -> tuple[Place, ...]:
    """Where the person was last in each pane that was told a place, newest first."""
    table = table_of(panes)
    is_place = table.entries.places == _PLACE
    starts, words = np.repeat(table.starts, table.entries.sizes)[is_place], table.entries.values[is_place]
    newest = [int(words[starts == start].max()) for start in np.unique(starts)]
    return tuple(place for word in reversed(newest) if (place := place_of(word)) is not None)


def newest_place(panes: PaneTable) -> Place | None:
    """The newest place that any pane was told."""
    words = panes.entries.values[panes.entries.places == _PLACE]
    return place_of(int(words.max())) if len(words) else None


def newest_offset(panes: PaneTable) -> int | None:
    """Minutes of local time ahead of UTC by the newest pane that was told; the greatest of that pane's."""
    told = panes.entries.places == _OFFSET
    starts, offsets = np.repeat(panes.starts, panes.entries.sizes)[told], panes.entries.values[told]
    return int(offsets[starts == starts.max()].max()) if len(starts) else None
