"""How long records of Kafka waited until a reader of the ledger could see them, out of what its commits left on disk.

A commit's file appears when its events become visible, and its data files say when the broker had each of them. Read
afterwards, so that looking costs what is measured nothing.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import pyarrow.parquet as pq


@dataclass(frozen=True, slots=True)
class Commit:
    """visible_ms  when its file was there, ms since 1970 UTC
    waited_ms   how long the one of its events that waited longest had been in Kafka by then
    """

    visible_ms: float
    waited_ms: float


def commits(table: Path, from_s: float, to_s: float) -> list[Commit]:
    """Those with events that became visible between two moments of the wall clock, in their order."""
    found = []
    for entry in sorted((table / "_delta_log").glob("[0-9]*.json")):
        visible_s = entry.stat().st_mtime
        if not from_s <= visible_s < to_s:
            continue
        lines = entry.read_text(encoding="utf-8").splitlines()
        files = [add["path"] for line in lines if (add := json.loads(line).get("add")) is not None]
        appended = [pq.read_table(table / file, columns=["src_ms"])["src_ms"] for file in files]
        oldest = [int(min(column.to_pylist())) for column in appended if len(column)]
        if oldest:
            found.append(Commit(visible_s * 1000, visible_s * 1000 - min(oldest)))
    return found


def growth(seen: list[Commit]) -> float:
    """The median wait of the last third over that of the first: above 1 where the ledger falls behind.

    >>> growth([Commit(0, 100), Commit(1, 110), Commit(2, 130)])
    1.3
    """
    third = max(1, len(seen) // 3)
    first, last = (sorted(one.waited_ms for one in part) for part in (seen[:third], seen[-third:]))
    return last[len(last) // 2] / first[len(first) // 2]
