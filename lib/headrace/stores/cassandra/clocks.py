"""The clock of a world whose time is its stream, in stream_clocks."""

from __future__ import annotations

from dataclasses import dataclass

from headrace.stores.cassandra.connection import OWN, WRITE, Connection, Prepared


@dataclass(frozen=True, slots=True)
class CassandraClocks:
    connection: Connection
    update: Prepared
    select: Prepared

    async def advance(self, writer: str, received_ms: int) -> None:
        # The time is its own write timestamp: an earlier one loses in the store, without a read. So such a row can
        # only be deleted with its table.
        await self.connection.write(self.update, (received_ms, received_ms, writer))

    async def now_ms(self) -> int | None:
        rows = await self.connection.rows(self.select, ())
        return max((received_ms for (received_ms,) in rows), default=None)


async def open_clocks(connection: Connection) -> CassandraClocks:
    return CassandraClocks(
        connection,
        await connection.prepare(
            "UPDATE stream_clocks USING TIMESTAMP ? SET received_ms = ? WHERE world = 'this' AND writer = ?", WRITE
        ),
        await connection.prepare("SELECT received_ms FROM stream_clocks WHERE world = 'this'", OWN),
    )
