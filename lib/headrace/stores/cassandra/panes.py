"""Five-minute totals per person or item: a row per hour, a map entry per pane and category."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np

from headrace.domain.facts import Facts, unpack_entries
from headrace.domain.pane_table import PaneTable
from headrace.domain.panes import PANE_MS, PANES_PER_HOUR, hour_of
from headrace.stores.cassandra.connection import READ, WRITE, Connection, Prepared
from headrace.stores.ports import PaneCell, PaneKey

_AFTER: Final = {f"{pane:02d}": pane * PANE_MS for pane in range(PANES_PER_HOUR)}
"""A pane of an hour as keys write it → how long after the hour's start it starts."""


@dataclass(frozen=True, slots=True)
class CassandraPanes:
    connection: Connection
    update: Prepared
    select: Prepared

    async def put(self, cells: Sequence[PaneCell], write_us: int) -> None:
        rows: defaultdict[tuple[str, int], dict[str, bytes]] = defaultdict(dict)
        for cell in cells:
            rows[cell.owner, hour_of(cell.pane_ms)][entry_key(cell.pane_ms, cell.category)] = cell.packed
        await self.connection.write_all(
            self.update, [(write_us, entries, owner, hour) for (owner, hour), entries in rows.items()]
        )

    async def since(self, owner: str, from_ms: int) -> Mapping[PaneKey, Facts]:
        rows = await self.connection.rows(self.select, (owner, hour_of(from_ms)))
        return cells_of([(hour, entries) for hour, entries in rows])


def cells_of(rows: Sequence[tuple[int, Mapping[str, bytes]]]) -> PaneTable:
    """Rows of (hour, entries) as cells: `entry_key` the other way. ValueError for one that `pack` did not make."""
    starts: list[int] = []
    categories: list[str] = []
    packed: list[bytes] = []
    for hour, entries in rows:
        try:
            starts += [hour + _AFTER[entry[:2]] for entry in entries]
        except KeyError as error:
            raise ValueError(f"a cell of user_panes or item_panes says pane {error} of its hour") from error
        categories += [entry[3:] for entry in entries]
        packed += entries.values()
    return PaneTable(np.array(starts, dtype=np.int64), categories, unpack_entries(packed))


def entry_key(pane_ms: int, category: str) -> str:
    """The map key of a cell within its hour.

    >>> entry_key(3_600_000 + 2 * 300_000, "a|b")
    '02|a|b'
    """
    return f"{(pane_ms - hour_of(pane_ms)) // PANE_MS:02d}|{category}"


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
    )
