"""The model pointer of a world, in model_pointer; changed by lightweight transaction only."""

from __future__ import annotations

from dataclasses import dataclass

from headrace.stores.cassandra.connection import OWN, Connection, Prepared
from headrace.stores.ports import Pointer


@dataclass(frozen=True, slots=True)
class CassandraPointers:
    connection: Connection
    select: Prepared
    insert: Prepared
    replace: Prepared

    async def get(self) -> Pointer | None:
        rows = await self.connection.rows(self.select, ())
        return Pointer(*rows[0]) if rows else None

    async def flip(self, version: str, flipped_ms: int) -> Pointer:
        while True:  # again only after somebody else's flip came in between
            served = await self.get()
            if served is not None and served.version == version:
                return served
            if served is None:
                wanted = Pointer(version, None, flipped_ms)
                in_the_way = await self.connection.apply(self.insert, (version, flipped_ms))
            else:
                wanted = Pointer(version, served.version, flipped_ms)
                values = (version, served.version, flipped_ms, served.version)
                in_the_way = await self.connection.apply(self.replace, values)
            if in_the_way is None:
                return wanted


async def open_pointers(connection: Connection) -> CassandraPointers:
    return CassandraPointers(
        connection,
        await connection.prepare("SELECT version, previous, flipped_ms FROM model_pointer WHERE name = 'current'", OWN),
        await connection.prepare(
            "INSERT INTO model_pointer (name, version, flipped_ms) VALUES ('current', ?, ?) IF NOT EXISTS", OWN
        ),
        await connection.prepare(
            "UPDATE model_pointer SET version = ?, previous = ?, flipped_ms = ? WHERE name = 'current' IF version = ?",
            OWN,
        ),
    )
