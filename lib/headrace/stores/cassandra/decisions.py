"""Decision records by request id, in decisions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from headrace.stores.cassandra.connection import READ, WRITE, Connection, Prepared


@dataclass(frozen=True, slots=True)
class CassandraDecisions:
    connection: Connection
    insert: Prepared
    select: Prepared

    async def put(self, records: Sequence[tuple[str, bytes]]) -> None:
        await self.connection.write_all(self.insert, records)

    async def get(self, request_id: str) -> bytes | None:
        rows = await self.connection.rows(self.select, (request_id,))
        return rows[0][0] if rows else None


async def open_decisions(connection: Connection) -> CassandraDecisions:
    return CassandraDecisions(
        connection,
        await connection.prepare("INSERT INTO decisions (request_id, record) VALUES (?, ?)", WRITE),
        await connection.prepare("SELECT record FROM decisions WHERE request_id = ?", READ),
    )
