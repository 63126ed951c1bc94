"""The panes of a decision as plain columns and back: some hundred cells as six lists. No record, no other inputs.

With a mapping for each cell instead, a record took a quarter longer to make (bench/answer.py) and its JSON was half as
large again.
"""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise
from typing import Final, TypedDict

import numpy as np

from headrace.domain.facts import FACTS, PLACE_NEWEST, PLACE_OF, Entries, Facts
from headrace.domain.pane_table import PaneTable, table_of
from headrace.domain.panes import DAY_MS, PANE_MS, PaneKey, window_panes
from headrace.domain.whereabouts import SEARCHED

_PLACE: Final = PLACE_OF[PLACE_NEWEST]


class PaneColumns(TypedDict, total=False):
    """n cells, oldest first, then by name; {} for none.

    first_ms  start of the first cell's pane; gaps: n, in panes since the cell before, 0 for the first
    names     each [category, content type] once, sorted; name: n places in it
    sizes     n: how many of a cell's facts differ from zero(); facts, values: of all cells, places in FACTS and values
    """

    first_ms: int
    gaps: list[int]
    names: list[tuple[str, str]]
    name: list[int]
    sizes: list[int]
    facts: list[int]
    values: list[int]


def pack_panes(panes: Mapping[PaneKey, Facts], clock: int) -> PaneColumns:
    """Those of the last day, without queries and places: the law reads no others."""
    table, day = table_of(panes), window_panes(clock, DAY_MS)
    every = zip(table.starts.tolist(), table.names, range(len(table.names)), strict=True)
    cells = sorted([cell for cell in every if day.start <= cell[0] < day.stop and cell[1][1] != SEARCHED])
    if not cells:
        return PaneColumns()
    starts, names, rows = zip(*cells, strict=True)
    distinct = sorted({*names})
    number = {name: place for place, name in enumerate(distinct)}
    entries = table.entries.of_rows(np.array(rows, dtype=np.int64))
    read = entries.places != _PLACE
    cell = np.repeat(np.arange(len(rows)), entries.sizes)[read]
    return PaneColumns(
        first_ms=starts[0],
        gaps=[0, *((later - earlier) // PANE_MS for earlier, later in pairwise(starts))],
        names=distinct,
        name=[number[name] for name in names],
        sizes=np.bincount(cell, minlength=len(rows)).tolist(),
        facts=entries.places[read].tolist(),
        values=entries.values[read].tolist(),
    )


def unpack_panes(columns: PaneColumns) -> PaneTable:
    """The inverse of `pack_panes`. Raises ValueError for a fact that this code does not know."""
    names = [(category, content_type) for category, content_type in columns.get("names", [])]
    starts = columns.get("first_ms", 0) + PANE_MS * np.cumsum(columns.get("gaps", []), dtype=np.int64)
    sizes, facts, values = (
        np.array(column, dtype=np.int64)
        for column in (columns.get("sizes", []), columns.get("facts", []), columns.get("values", []))
    )
    if len(facts) and not 0 <= facts.min() <= facts.max() < len(FACTS):
        raise ValueError(f"panes name facts {facts.min()} to {facts.max()}; this code knows {len(FACTS)}")
    return PaneTable(starts, [names[place] for place in columns.get("name", [])], Entries(sizes, facts, values))
