"""Five minutes of all items: their sums, and which events are in them already. No windows, no topic.

In arrays, because a day of a Python object per item and pane would be a gigabyte where this is some tens of megabytes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from hashlib import blake2b

import numpy as np
from numpy.typing import NDArray

from headrace.domain.events import Event
from headrace.domain.trends import SUMS, added


@dataclass(slots=True)
class Pane:
    """codes  int32 [n], ascending: which item of the day each row is
    sums   int64 [n, len(SUMS)]
    seen   uint64, ascending: hashes of the events that were counted, and of each (person, item, kind) that was
    """

    codes: NDArray[np.int32] = field(default_factory=lambda: np.empty(0, dtype=np.int32))
    sums: NDArray[np.int64] = field(default_factory=lambda: np.empty((0, len(SUMS)), dtype=np.int64))
    seen: NDArray[np.uint64] = field(default_factory=lambda: np.empty(0, dtype=np.uint64))

    def take(self, events: Sequence[Event], codes: Sequence[int]) -> None:
        """Count events of this pane, `codes` their items or -1 without one, in the order of their partition.

        Of events with one key the first counts; of a person's events of one kind on one item, the first.
        """
        keyed = self._new([_hash("event", one.person, one.event_id, str(one.occurred_at)) for one in events])
        firsts = [at for at in keyed if codes[at] >= 0]
        if not firsts:
            return
        about = [_hash("person", events[at].person, events[at].item_id or "", events[at].kind) for at in firsts]
        counted = [firsts[at] for at in self._new(about)]
        if counted:
            self._add(np.array([codes[at] for at in counted], dtype=np.int32), added([events[at] for at in counted]))

    def forget(self) -> None:
        """Nothing more will be counted here: what was seen need not be known."""
        self.seen = np.empty(0, dtype=np.uint64)

    def _add(self, codes: NDArray[np.int32], sums: NDArray[np.int64]) -> None:
        both, places = np.unique(np.concatenate((self.codes, codes)), return_inverse=True)
        totals = np.zeros((len(both), len(SUMS)), dtype=np.int64)
        np.add.at(totals, places, np.concatenate((self.sums, sums)))
        self.codes, self.sums = both, totals

    def _new(self, hashes: Sequence[int]) -> list[int]:
        """Places of those not seen yet, the first of equal ones, in their order; from now on they are seen."""
        given, firsts = np.unique(np.array(hashes, dtype=np.uint64), return_index=True)
        places = np.searchsorted(self.seen, given)
        known = np.zeros(len(given), dtype=np.bool_)
        inside = places < len(self.seen)
        known[inside] = self.seen[places[inside]] == given[inside]
        self.seen = np.insert(self.seen, places[~known], given[~known])
        return sorted(firsts[~known].tolist())


def _hash(*parts: str) -> int:
    """64 bits: of ten million events in a pane, two share one with a chance of 1 in 400,000."""
    text = "".join([f"{len(part)}:{part}" for part in parts])
    return int.from_bytes(blake2b(text.encode(errors="surrogatepass"), digest_size=8).digest(), "little")
