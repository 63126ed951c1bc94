"""What a model version found for each person, in user_candidates."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from headrace.domain.events import Person
from headrace.stores.cassandra.connection import READ, WRITE, Connection, Prepared


@dataclass(frozen=True, slots=True)
class CassandraCandidates:
    connection: Connection
    insert: Prepared
    select: Prepared

    async def put(self, version: str, rows: Sequence[tuple[Person, bytes]]) -> None:
        await self.connection.write_all(self.insert, [(person, version, packed) for person, packed in rows])

    async def get(self, person: Person, version: str) -> bytes | None:
        rows = await self.connection.rows(self.select, (person, version))
        return rows[0][0] if rows else None


async def open_candidates(connection: Connection) -> CassandraCandidates:
    return CassandraCandidates(
        connection,
        await connection.prepare("INSERT INTO user_candidates (person, version, packed) VALUES (?, ?, ?)", WRITE),
        await connection.prepare("SELECT packed FROM user_candidates WHERE person = ? AND version = ?", READ),
    )
