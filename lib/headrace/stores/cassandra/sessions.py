"""Finished sessions of each person, in user_sessions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from headrace.domain.events import Person
from headrace.stores.cassandra.connection import READ, WRITE, Connection, Prepared
from headrace.stores.ports import SessionRow


@dataclass(frozen=True, slots=True)
class CassandraSessions:
    connection: Connection
    update: Prepared
    select: Prepared
    delete: Prepared

    async def put(self, rows: Sequence[SessionRow], write_us: int) -> None:
        await self.connection.write_all(
            self.update, [(write_us, row.features, row.person, row.started_ms, row.session_id) for row in rows]
        )

    async def newest(self, person: Person, limit: int) -> tuple[SessionRow, ...]:
        rows = await self.connection.rows(self.select, (person, limit))
        return tuple(SessionRow(person, *row) for row in rows)

    async def remove(self, rows: Sequence[SessionRow], write_us: int) -> None:
        keys = [(write_us, row.person, row.started_ms, row.session_id) for row in rows]
        await self.connection.write_all(self.delete, keys)


async def open_sessions(connection: Connection) -> CassandraSessions:
    return CassandraSessions(
        connection,
        await connection.prepare(
            "UPDATE user_sessions USING TIMESTAMP ? SET features = ?"
            " WHERE person = ? AND started_ms = ? AND session_id = ?",
            WRITE,
        ),
        await connection.prepare(
            "SELECT started_ms, session_id, features FROM user_sessions WHERE person = ? LIMIT ?", READ
        ),
        await connection.prepare(
            "DELETE FROM user_sessions USING TIMESTAMP ? WHERE person = ? AND started_ms = ? AND session_id = ?", WRITE
        ),
    )
