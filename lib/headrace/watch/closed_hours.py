"""Which hours can be judged while records still arrive: closed ones, that every reader has passed. Tables in, no reads.

Under steady traffic nothing is ever drained. But a raw partition's records are in the order of their append, so a
reader that has one from a later hour has all of its earlier ones.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import pyarrow as pa
import pyarrow.compute as pc

from headrace.domain.panes import HOUR_MS

STILL_OPEN_MS: Final = HOUR_MS
"""Besides the newest hour the one before it: partitions are not read in step, and what ingest redelivers is older."""

Offsets = Mapping[int, int]


@dataclass(frozen=True, slots=True)
class Readers:
    """Partition → offset of the next record: what each topic's partitions have, and what has been read of them.

    raw_ends                 events.raw, of the world's generation
    clean_ends, ledger, hot  events.clean, and its two readers
    rejected_ends, rejected  events.rejected and its reader
    """

    raw_ends: Offsets
    clean_ends: Offsets
    rejected_ends: Offsets
    ledger: Offsets
    rejected: Offsets
    hot: Offsets

    def are_through(self) -> bool:
        """Whether all that ingest wrote has been read by everyone."""
        return (
            _through(self.ledger, self.clean_ends)
            and _through(self.hot, self.clean_ends)
            and _through(self.rejected, self.rejected_ends)
        )


def closed_before_ms(ledger: pa.Table, rejected: pa.Table, readers: Readers, generation: int) -> int:
    """Hours that start before this moment are closed and read by everyone; 0 when that is not so.

    Time is that of the newest record in either table, the broker's own.
    """
    newest_ms = max(
        (ms for rows in (ledger, rejected) if (ms := pc.max(rows["src_ms"]).as_py()) is not None), default=0
    )
    open_from_ms = newest_ms - newest_ms % HOUR_MS - STILL_OPEN_MS
    current = pa.concat_tables(
        [
            rows.filter(pc.equal(rows["raw_generation"], generation)).select(["raw_partition", "raw_offset", "src_ms"])
            for rows in (ledger, rejected)
        ]
    )
    newest_raw = _newest(current, "raw_partition", "raw_offset")
    seen = {partition: offset + 1 for partition, offset in newest_raw.items()}
    closed = _newest(ledger.filter(pc.less(ledger["src_ms"], open_from_ms)), "clean_partition", "clean_offset")
    is_past = (
        _past(seen, readers.raw_ends, _newest(current, "raw_partition", "src_ms"), open_from_ms)
        and _past(readers.ledger, readers.clean_ends, _newest(ledger, "clean_partition", "src_ms"), open_from_ms)
        and _past(
            readers.rejected, readers.rejected_ends, _newest(rejected, "rejected_partition", "src_ms"), open_from_ms
        )
        and _through(readers.hot, {partition: offset + 1 for partition, offset in closed.items()})
    )
    return max(0, open_from_ms) if is_past else 0


def _through(read: Offsets, ends: Offsets) -> bool:
    return all(read.get(partition, 0) >= end for partition, end in ends.items())


def _past(read: Offsets, ends: Offsets, newest_ms: Offsets, open_from_ms: int) -> bool:
    """Whether each partition has been read to its end, or to a record of an hour that is still open."""
    return all(
        read.get(partition, 0) >= end or newest_ms.get(partition, 0) >= open_from_ms for partition, end in ends.items()
    )


def _newest(rows: pa.Table, partition: str, column: str) -> dict[int, int]:
    """Partition → the greatest value of the column."""
    greatest = rows.group_by(partition).aggregate([(column, "max")]).to_pylist()
    return {row[partition]: row[f"{column}_max"] for row in greatest}
