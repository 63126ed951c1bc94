"""The newest events of each person, in session_tail."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from headrace.domain.clean import write_clean
from headrace.domain.events import Event, Person
from headrace.stores.cassandra.connection import OWN, READ, WRITE, Connection, Prepared
from headrace.stores.event_json import read_event


@dataclass(frozen=True, slots=True)
class CassandraTails:
    connection: Connection
    insert: Prepared
    select: Prepared
    select_keys: Prepared
    delete_older: Prepared

    async def append(self, events: Sequence[Event]) -> None:
        rows = [(event.person, event.occurred_at, event.event_id, write_clean(event)) for event in events]
        await self.connection.write_all(self.insert, rows)

    async def newest(self, person: Person, limit: int) -> tuple[Event, ...]:
        rows = await self.connection.rows(self.select, (person, limit))
        return tuple([read_event(row[0]) for row in rows])

    async def trim(self, person: Person, keep: int) -> None:
        keys = await self.connection.rows(self.select_keys, (person, keep))
        if len(keys) == keep:
            occurred_at, event_id = keys[-1]
            await self.connection.write(self.delete_older, (person, occurred_at, event_id))


async def open_tails(connection: Connection) -> CassandraTails:
    return CassandraTails(
        connection,
        await connection.prepare(
            "INSERT INTO session_tail (person, occurred_at, event_id, event) VALUES (?, ?, ?, ?)", WRITE
        ),
        await connection.prepare("SELECT event FROM session_tail WHERE person = ? LIMIT ?", READ),
        await connection.prepare("SELECT occurred_at, event_id FROM session_tail WHERE person = ? LIMIT ?", OWN),
        # One range, so one tombstone, behind all that is ever read.
        await connection.prepare(
            "DELETE FROM session_tail WHERE person = ? AND (occurred_at, event_id) < (?, ?)", WRITE
        ),
    )
