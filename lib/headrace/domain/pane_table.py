"""The panes of one person or item as columns: what the law reads, a few arrays instead of one for every cell."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from headrace.domain.facts import FACTS, Entries, Facts, entries_of_rows, rows_of_entries
from headrace.domain.panes import PaneKey


class PaneTable(Mapping[PaneKey, Facts]):
    """n cells, each (pane start, category, content type) once.

    It is a mapping as well, which is only built for whoever reads it so.

    starts int64 [n]; names: n × (category, content type); entries: their facts
    """

    def __init__(self, starts: NDArray[np.int64], names: Sequence[tuple[str, str]], entries: Entries) -> None:
        self.starts = starts
        self.names = names
        self.entries = entries

    @cached_property
    def _cells(self) -> dict[PaneKey, Facts]:
        keys = ((start_ms, *names) for start_ms, names in zip(self.starts.tolist(), self.names, strict=True))
        return dict(zip(keys, rows_of_entries(self.entries), strict=True))

    def __getitem__(self, key: PaneKey) -> Facts:
        return self._cells[key]

    def __iter__(self) -> Iterator[PaneKey]:
        return iter(self._cells)

    def __len__(self) -> int:
        return len(self.names)


def table_of(panes: Mapping[PaneKey, Facts]) -> PaneTable:
    """Any panes as columns; those that are columns already as they are."""
    if isinstance(panes, PaneTable):
        return panes
    starts = np.array([start_ms for start_ms, _, _ in panes], dtype=np.int64)
    facts = np.array(list(panes.values()), dtype=np.int64).reshape(-1, len(FACTS))
    return PaneTable(starts, [(category, content_type) for _, category, content_type in panes], entries_of_rows(facts))
