"""The newest events of each person, in session_tail."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from headrace.domain.clean import write_clean
from headrace.domain.events import Event, Person
from headrace.stores.cassandra.connection import READ, WRITE, Connection, Prepared
from headrace.stores.event_json import read_event


@dataclass(frozen=True, slots=True)
class CassandraTails:
    connection: Connection
    insert: Prepared
    select: Prepared

    async def append(self, events: Sequence[Event]) -> None:
        rows = [(event.person, event.occurred_at, event.event_id, write_clean(event)) for event in events]
        await self.connection.write_all(self.insert, rows)

    async def newest(self, person: Person, limit: int) -> tuple[Event, ...]:
        rows = await self.connection.rows(self.select, (person, limit))
        return tuple([read_event(row[0]) for row in rows])


async def open_tails(connection: Connection) -> CassandraTails:
    return CassandraTails(
        connection,
        await connection.prepare(
            "INSERT INTO session_tail (person, occurred_at, event_id, event) VALUES (?, ?, ?, ?)", WRITE
        ),
        await connection.prepare("SELECT event FROM session_tail WHERE person = ? LIMIT ?", READ),
    )
