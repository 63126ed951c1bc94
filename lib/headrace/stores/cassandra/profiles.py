"""The newest record of each person, in user_profiles."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from headrace.stores.cassandra.connection import OWN, WRITE, Connection, Prepared
from headrace.stores.ports import ProfileRow


@dataclass(frozen=True, slots=True)
class CassandraProfiles:
    connection: Connection
    insert: Prepared
    select: Prepared

    async def put(self, rows: Sequence[ProfileRow]) -> None:
        await self.connection.write_all(self.insert, [(row.user_id, row.packed, row.write_us) for row in rows])

    async def get(self, user_id: str) -> bytes | None:
        rows = await self.connection.rows(self.select, (user_id,))
        return rows[0][0] if rows else None


async def open_profiles(connection: Connection) -> CassandraProfiles:
    return CassandraProfiles(
        connection,
        await connection.prepare("INSERT INTO user_profiles (user_id, packed) VALUES (?, ?) USING TIMESTAMP ?", WRITE),
        # A PATCH goes on from what it reads: one replica that is behind would undo what another one knows.
        await connection.prepare("SELECT packed FROM user_profiles WHERE user_id = ?", OWN),
    )
