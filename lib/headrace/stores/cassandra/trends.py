"""The published trends of a world, in trends."""

from __future__ import annotations

from dataclasses import dataclass

from headrace.stores.cassandra.connection import OWN, WRITE, Connection, Prepared
from headrace.stores.ports import Published


@dataclass(frozen=True, slots=True)
class CassandraTrends:
    connection: Connection
    insert: Prepared
    select: Prepared
    select_lists: Prepared

    async def publish(self, published: Published, packed: bytes, write_us: int) -> None:
        await self.connection.write(self.insert, (published.id, published.clock_ms, packed, write_us))

    async def published(self) -> Published | None:
        rows = await self.connection.rows(self.select, ())
        return Published(*rows[0]) if rows else None

    async def lists(self) -> tuple[Published, bytes] | None:
        rows = await self.connection.rows(self.select_lists, ())
        return (Published(rows[0][0], rows[0][1]), rows[0][2]) if rows else None


async def open_trends(connection: Connection) -> CassandraTrends:
    return CassandraTrends(
        connection,
        await connection.prepare(
            "INSERT INTO trends (name, id, clock_ms, packed) VALUES ('current', ?, ?, ?) USING TIMESTAMP ?", WRITE
        ),
        await connection.prepare("SELECT id, clock_ms FROM trends WHERE name = 'current'", OWN),
        await connection.prepare("SELECT id, clock_ms, packed FROM trends WHERE name = 'current'", OWN),
    )
