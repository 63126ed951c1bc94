"""Decision records by request id, in decisions_by_moment."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from headrace.stores.cassandra.connection import READ, WRITE, Connection, Prepared

MOMENT_DIGITS: Final = 10
"""Of the twelve that tell the milliseconds of a request id (domain/request_id.py): 256 ms, which is 50 records of 4 KB
at 200 lists a second. An id of another kind has a moment as well."""


@dataclass(frozen=True, slots=True)
class CassandraDecisions:
    connection: Connection
    insert: Prepared
    select: Prepared

    async def put(self, records: Sequence[tuple[str, bytes]]) -> None:
        moments: dict[str, list[tuple[str, str, bytes]]] = {}
        for request_id, record in records:
            moment = _moment(request_id)
            moments.setdefault(moment, []).append((moment, request_id, record))
        await self.connection.write_partitions(self.insert, moments.values())

    async def get(self, request_id: str) -> bytes | None:
        rows = await self.connection.rows(self.select, (_moment(request_id), request_id))
        return rows[0][0] if rows else None


def _moment(request_id: str) -> str:
    return request_id[:MOMENT_DIGITS]


async def open_decisions(connection: Connection) -> CassandraDecisions:
    return CassandraDecisions(
        connection,
        await connection.prepare(
            "INSERT INTO decisions_by_moment (moment, request_id, record) VALUES (?, ?, ?)", WRITE
        ),
        await connection.prepare("SELECT record FROM decisions_by_moment WHERE moment = ? AND request_id = ?", READ),
    )
