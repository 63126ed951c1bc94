"""What this process knows of the rows of one table of panes that grow large, so that they stay bounded. No I/O.

A row has its sample (domain/hour_sample.py), which readers see, and what was in the sample before others pushed it out.
Of n cells in random order k + k · ln(n / k) are among the k = MOST_CELLS lowest so far: 2,700 of 36,000. So many are
written, and up to ORDINARY from before the row was known; a process that began anew writes about as many again.

Nothing is deleted: a tombstone costs a reader nearly what a cell does, and of 100,000 Cassandra refuses the whole read.
"""

from __future__ import annotations

from collections import OrderedDict
from typing import Final

from headrace.domain.hour_sample import MOST_CELLS, rank, sample

Row = tuple[str, int]
"""(owner, hour)."""

ORDINARY: Final = 128
"""So many entries are written to a row, the same ones again or others, before those that follow are remembered."""

MOST_REMEMBERED: Final = 100_000
"""Entries, of the rows that were written last: 15 MB, and 195 machines at once at the least."""

_SLOTS: Final = 1 << 18
_FULL: Final = 255


class LargeRows:
    """Before a write: which entries are `wanted`. After it: what was `written`."""

    def __init__(self, capacity: int = MOST_REMEMBERED) -> None:
        self._capacity = capacity
        self._rows: OrderedDict[Row, set[bytes]] = OrderedDict()  # the ranks; the row written longest ago first
        self._remembered = 0
        # How often rows of this hour were written, those of one slot together: a row that shares its slot with many is
        # only remembered sooner.
        self._written = bytearray(_SLOTS)
        self._hour = 0

    def wanted(self, row: Row, entries: dict[str, bytes]) -> dict[str, bytes]:
        """The entries that a reader may ever see, as far as is known here."""
        known = self._rows.get(row)
        if known is not None and len(known) == MOST_CELLS:
            last = max(known)
            return {name: packed for name, packed in entries.items() if rank(name) <= last}
        if len(entries) <= MOST_CELLS:
            return entries
        kept = sample(entries)
        return {name: packed for name, packed in entries.items() if name in kept}

    def written(self, row: Row, entries: dict[str, bytes]) -> None:
        """The row holds these too, whatever happens next: to be said when they are durable."""
        known = self._rows.pop(row, None)
        if known is None and not self._has_grown(row, len(entries)):
            return
        known = known or set()
        self._remembered -= len(known)
        known = _lowest(known.union(map(rank, entries)))
        self._rows[row] = known
        self._remembered += len(known)
        while self._remembered > self._capacity:
            self._remembered -= len(self._rows.popitem(last=False)[1])

    def forget(self, row: Row) -> None:
        """Something is taken out of the row, so what it pushed out may be wanted again."""
        self._remembered -= len(self._rows.pop(row, ()))

    def _has_grown(self, row: Row, entries: int) -> bool:
        if row[1] > self._hour:
            self._hour, self._written = row[1], bytearray(_SLOTS)
        slot = hash(row) % _SLOTS
        written = self._written[slot] + entries
        self._written[slot] = written if written < _FULL else _FULL
        return written > ORDINARY


def _lowest(ranks: set[bytes]) -> set[bytes]:
    return ranks if len(ranks) <= MOST_CELLS else set(sorted(ranks)[:MOST_CELLS])
