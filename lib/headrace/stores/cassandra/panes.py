"""Five-minute totals per person or item: a row per hour, a map entry per pane and category."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Literal

from headrace.domain.facts import Facts, unpack_rows
from headrace.domain.panes import PANE_MS, hour_of
from headrace.stores.cassandra.connection import OWN, READ, WRITE, Connection, Prepared
from headrace.stores.ports import PaneCell, PaneKey

_FIRST_TOKEN: Final = -(2**63)
_TOKENS: Final = 2**64


@dataclass(frozen=True, slots=True)
class CassandraPanes:
    connection: Connection
    update: Prepared
    select: Prepared
    delete: Prepared
    select_part: Prepared

    async def put(self, cells: Sequence[PaneCell], write_us: int) -> None:
        rows: defaultdict[tuple[str, int], dict[str, bytes]] = defaultdict(dict)
        for cell in cells:
            rows[cell.owner, hour_of(cell.pane_ms)][entry_key(cell.pane_ms, cell.category)] = cell.packed
        await self.connection.write_all(
            self.update, [(write_us, entries, owner, hour) for (owner, hour), entries in rows.items()]
        )

    async def since(self, owner: str, from_ms: int) -> Mapping[PaneKey, Facts]:
        rows = await self.connection.rows(self.select, (owner, hour_of(from_ms)))
        cells = [(pane_key(hour, entry), packed) for hour, facts in rows for entry, packed in facts.items()]
        return dict(zip([key for key, _ in cells], unpack_rows([packed for _, packed in cells]), strict=True))

    async def remove(self, cells: Sequence[PaneCell], write_us: int) -> None:
        rows = [(entry_key(cell.pane_ms, cell.category), write_us, cell.owner, hour_of(cell.pane_ms)) for cell in cells]
        await self.connection.write_all(self.delete, rows)

    async def scan(self, part: int, parts: int, from_ms: int, to_ms: int) -> Sequence[PaneCell]:
        begin, end = (_FIRST_TOKEN + _TOKENS * each // parts for each in (part, part + 1))
        cells = []
        async for page in self.connection.pages(self.select_part, (begin, end - 1)):
            for owner, hour, facts in page:
                if hour_of(from_ms) <= hour < to_ms:
                    cells += [PaneCell(owner, *pane_key(hour, entry), packed) for entry, packed in facts.items()]
        return [cell for cell in cells if from_ms <= cell.pane_ms < to_ms]


def entry_key(pane_ms: int, category: str) -> str:
    """The map key of a cell within its hour.

    >>> entry_key(3_600_000 + 2 * 300_000, "a|b")
    '02|a|b'
    """
    return f"{(pane_ms - hour_of(pane_ms)) // PANE_MS:02d}|{category}"


def pane_key(hour: int, entry: str) -> PaneKey:
    """The inverse of `entry_key`.

    >>> pane_key(3_600_000, "02|a|b")
    (4200000, 'a|b')
    """
    return hour + int(entry[:2]) * PANE_MS, entry[3:]


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
    )
