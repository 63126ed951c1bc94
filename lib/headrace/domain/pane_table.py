"""The panes of one person or item as columns: what the law reads, a few arrays instead of one for every cell."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from headrace.domain.facts import FACTS, Entries, Facts, entries_of_rows, rows_of_entries


class PaneTable(Mapping[tuple[int, str], Facts]):
    """n cells, each (pane start, category) once. It is a mapping as well, which is only built for whoever reads it so.

    starts int64 [n]; categories: n names; entries: their facts
    """

    def __init__(self, starts: NDArray[np.int64], categories: Sequence[str], entries: Entries) -> None:
        self.starts = starts
        self.categories = categories
        self.entries = entries

    @cached_property
    def _cells(self) -> dict[tuple[int, str], Facts]:
        keys = zip(self.starts.tolist(), self.categories, strict=True)
        return dict(zip(keys, rows_of_entries(self.entries), strict=True))

    def __getitem__(self, key: tuple[int, str]) -> Facts:
        return self._cells[key]

    def __iter__(self) -> Iterator[tuple[int, str]]:
        return iter(self._cells)

    def __len__(self) -> int:
        return len(self.categories)


def table_of(panes: Mapping[tuple[int, str], Facts]) -> PaneTable:
    """Any panes as columns; those that are columns already as they are."""
    if isinstance(panes, PaneTable):
        return panes
    starts = np.array([start_ms for start_ms, _ in panes], dtype=np.int64)
    facts = np.array(list(panes.values()), dtype=np.int64).reshape(-1, len(FACTS))
    return PaneTable(starts, [category for _, category in panes], entries_of_rows(facts))
