"""The last day of all items, pane by pane: events in, each window's sums out. No topic, no store, no clock.

Which events count is the law of the stream: not late, of several with one key the first. What is counted does not
depend on how events were batched, nor on one coming again.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from headrace.domain.events import Event
from headrace.domain.panes import DAY_MS, pane_of
from headrace.domain.trends import SUMS, WINDOWS, panes_within
from headrace.trends.pane import Pane


@dataclass(slots=True)
class Day:
    """`floor_ms`: nothing is counted that occurred before it, because what was seen there is forgotten; 0 at first.

    panes   start → pane
    items   the items of the day by code; codes: the other way
    behind  how many events came too late to be counted for that reason
    """

    panes: dict[int, Pane] = field(default_factory=dict)
    items: list[str] = field(default_factory=list)
    codes: dict[str, int] = field(default_factory=dict)
    floor_ms: int = 0
    behind: int = 0

    def take(self, events: Iterable[Event]) -> None:
        """Count these, in the order of their partition."""
        of_pane: dict[int, list[Event]] = {}
        for event in events:
            if event.late:
                continue
            if event.occurred_at < self.floor_ms:
                self.behind += 1
                continue
            of_pane.setdefault(pane_of(event.occurred_at), []).append(event)
        for start_ms, group in of_pane.items():
            self.panes.setdefault(start_ms, Pane()).take(group, [self._code(event.item_id) for event in group])

    def pass_on(self, clock: int, settled_ms: int) -> None:
        """Let go of panes that no window reaches at `clock`; count nothing more that occurred before `settled_ms`."""
        first = panes_within("1d", clock).start
        self.floor_ms = max(self.floor_ms, pane_of(settled_ms), pane_of(clock - DAY_MS))
        over = [start_ms for start_ms in self.panes if start_ms < first]
        for start_ms in over:
            del self.panes[start_ms]
        for start_ms, pane in self.panes.items():
            if start_ms < self.floor_ms:
                pane.forget()
        if over:
            self._renumber()

    def sums(self, clock: int) -> Mapping[str, NDArray[np.int64]]:
        """Window → sums at the clock: int64 [len(items), len(SUMS)]."""
        return {window: self._summed(panes_within(window, clock)) for window in WINDOWS}

    def _summed(self, starts: Sequence[int]) -> NDArray[np.int64]:
        totals = np.zeros((len(self.items), len(SUMS)), dtype=np.int64)
        for start_ms in starts:
            pane = self.panes.get(start_ms)
            if pane is not None:
                totals[pane.codes] += pane.sums  # a code is in a pane once
        return totals

    def _code(self, item: str | None) -> int:
        if item is None:
            return -1
        code = self.codes.setdefault(item, len(self.items))
        if code == len(self.items):
            self.items.append(item)
        return code

    def _living(self) -> NDArray[np.int32]:
        return np.unique(np.concatenate([np.empty(0, dtype=np.int32), *(pane.codes for pane in self.panes.values())]))

    def _renumber(self) -> None:
        """Forget the items of which nothing is left."""
        living = self._living()
        self.items = [self.items[code] for code in living.tolist()]
        self.codes = {item: code for code, item in enumerate(self.items)}
        for pane in self.panes.values():
            pane.codes = np.searchsorted(living, pane.codes).astype(np.int32)
