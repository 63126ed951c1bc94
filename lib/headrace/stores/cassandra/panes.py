"""Five-minute totals per person or item: a row per hour, a map entry per pane, category and content type.

Of a large row readers see the sample (domain/hour_sample.py), whatever else is in it (large_rows.py)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final, Literal

import numpy as np

from headrace.domain.facts import Facts, unpack_entries
from headrace.domain.hour_sample import MOST_CELLS, sample
from headrace.domain.pane_table import PaneTable
from headrace.domain.panes import PANE_MS, PANES_PER_HOUR, PaneKey, entry_key, hour_of
from headrace.stores.cassandra.connection import OWN, READ, WRITE, Connection, Prepared
from headrace.stores.cassandra.large_rows import LargeRows
from headrace.stores.ports import PaneCell

_AFTER: Final = {f"{pane:02d}": pane * PANE_MS for pane in range(PANES_PER_HOUR)}
"""A pane of an hour as keys write it → how long after the hour's start it starts."""

_FIRST_TOKEN: Final = -(2**63)
_TOKENS: Final = 2**64


@dataclass(frozen=True, slots=True)
class CassandraPanes:
    connection: Connection
    update: Prepared
    select: Prepared
    delete: Prepared
    select_part: Prepared
    large: LargeRows

    async def put(self, cells: Sequence[PaneCell], write_us: int) -> None:
        rows: defaultdict[tuple[str, int], dict[str, bytes]] = defaultdict(dict)
        for cell in cells:
            rows[cell.owner, hour_of(cell.pane_ms)][entry_key(cell.key)] = cell.packed
        wanted = {row: self.large.wanted(row, entries) for row, entries in rows.items()}
        await self.connection.write_all(
            self.update, [(write_us, entries, owner, hour) for (owner, hour), entries in wanted.items() if entries]
        )
        for row, entries in wanted.items():
            self.large.written(row, entries)

    async def since(self, owner: str, from_ms: int) -> Mapping[PaneKey, Facts]:
        rows = await self.connection.rows(self.select, (owner, hour_of(from_ms)))
        return cells_of([(hour, entries) for hour, entries in rows])

    async def remove(self, cells: Sequence[PaneCell], write_us: int) -> None:
        rows = [(entry_key(cell.key), write_us, cell.owner, hour_of(cell.pane_ms)) for cell in cells]
        for _, _, owner, hour in rows:
            self.large.forget((owner, hour))
        await self.connection.write_all(self.delete, rows)

    async def scan(self, part: int, parts: int, from_ms: int, to_ms: int) -> Sequence[PaneCell]:
        begin, end = (_FIRST_TOKEN + _TOKENS * each // parts for each in (part, part + 1))
        cells: list[PaneCell] = []
        async for page in self.connection.pages(self.select_part, (begin, end - 1)):
            for owner, hour, entries in page:
                if hour_of(from_ms) <= hour < to_ms:
                    of_hour = zip(*packed_cells([(hour, entries)]), strict=True)
                    cells += [PaneCell(owner, start, *names, packed) for start, names, packed in of_hour]
        return [cell for cell in cells if from_ms <= cell.pane_ms < to_ms]


Row = tuple[int, Mapping[str, bytes]]
"""(hour, entries), as the tables hold them."""


def cells_of(rows: Sequence[Row]) -> PaneTable:
    """Rows as cells, those of their sample. ValueError for one that `pack` did not make.

    >>> list(cells_of([(3_600_000, {"02:3|a|b|film": bytes([1]), "02|books": b""})]))
    [(4200000, 'a|b', 'film')]
    """
    starts, names, packed = packed_cells(rows)
    return PaneTable(np.array(starts, dtype=np.int64), names, unpack_entries(packed))


def packed_cells(rows: Sequence[Row]) -> tuple[list[int], list[tuple[str, str]], list[bytes]]:
    """Start, names and packed facts of each cell of the sample: `entry_key` the other way.

    ValueError for no pane of an hour.
    """
    starts: list[int] = []
    names: list[tuple[str, str]] = []
    packed: list[bytes] = []
    for hour, stored in rows:
        entries = stored if len(stored) <= MOST_CELLS else _sampled(stored)
        for entry, facts in entries.items():
            cell = _names(entry[2:])
            if cell is None:
                continue
            try:
                starts.append(hour + _AFTER[entry[:2]])
            except KeyError as error:
                raise ValueError(f"a cell of user_panes or item_panes says pane {error} of its hour") from error
            names.append(cell)
            packed.append(facts)
    return starts, names, packed


def _sampled(entries: Mapping[str, bytes]) -> Mapping[str, bytes]:
    kept = sample([entry for entry in entries if _names(entry[2:]) is not None])
    return {entry: facts for entry, facts in entries.items() if entry in kept}


@lru_cache(maxsize=10_000)  # few names in many panes: a request reads hundreds of entries
def _names(key: str) -> tuple[str, str] | None:
    """Category and content type; None for '|books', as hot-v1 wrote it: hot-v2 counts the same events beside it."""
    if key[0] != ":":
        return None
    length, _, names = key[1:].partition("|")
    category = names[: int(length)]
    return category, names[len(category) + 1 :]


async def open_panes(
    connection: Connection, table: Literal["user_panes", "item_panes"], owner: Literal["person", "item_id"]
) -> CassandraPanes:
    return CassandraPanes(
        connection,
        # `facts + ?` adds or replaces the entries it names without reading and without a tombstone.
        await connection.prepare(
            f"UPDATE {table} USING TIMESTAMP ? SET facts = facts + ? WHERE {owner} = ? AND hour = ?", WRITE
        ),
        await connection.prepare(f"SELECT hour, facts FROM {table} WHERE {owner} = ? AND hour >= ?", READ),
        await connection.prepare(
            f"DELETE facts[?] FROM {table} USING TIMESTAMP ? WHERE {owner} = ? AND hour = ?", WRITE
        ),
        await connection.prepare(
            f"SELECT {owner}, hour, facts FROM {table} WHERE token({owner}) >= ? AND token({owner}) <= ?", OWN
        ),
        LargeRows(),
    )
