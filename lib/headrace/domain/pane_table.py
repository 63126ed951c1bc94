"""The panes of one person or item as columns: what the law reads, three arrays instead of an array per cell."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from headrace.domain.facts import FACTS, Facts


class PaneTable(Mapping[tuple[int, str], Facts]):
    """n cells, each (pane start, category) once; its keys as a mapping are only made when somebody asks for one.

    starts int64 [n]; categories: n names; facts int64 [n, len(FACTS)]
    """

    def __init__(self, starts: NDArray[np.int64], categories: Sequence[str], facts: NDArray[np.int64]) -> None:
        self.starts = starts
        self.categories = categories
        self.facts = facts

    @cached_property
    def _rows(self) -> dict[tuple[int, str], int]:
        return {key: row for row, key in enumerate(zip(self.starts.tolist(), self.categories, strict=True))}

    def __getitem__(self, key: tuple[int, str]) -> Facts:
        facts: Facts = self.facts[self._rows[key]]
        return facts

    def __iter__(self) -> Iterator[tuple[int, str]]:
        return iter(self._rows)

    def __len__(self) -> int:
        return len(self.categories)


def table_of(panes: Mapping[tuple[int, str], Facts]) -> PaneTable:
    """Any panes as columns; those that are columns already as they are."""
    if isinstance(panes, PaneTable):
        return panes
    starts = np.array([start_ms for start_ms, _ in panes], dtype=np.int64)
    facts = np.array(list(panes.values()), dtype=np.int64).reshape(-1, len(FACTS))
    return PaneTable(starts, [category for _, category in panes], facts)
