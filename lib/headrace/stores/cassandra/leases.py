"""Who may write, in leases (by lightweight transaction only), and each writer's last timestamp, in write_clocks."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import Final, cast

from headrace.errors import LeaseHeld
from headrace.stores.cassandra.connection import OWN, WRITE, Connection, Prepared, Value
from headrace.stores.lease_law import refuse_lease
from headrace.stores.ports import Lease

ATTEMPTS: Final = 3  # each lost only to another taker's success: after three, others are at it


@dataclass(frozen=True, slots=True)
class CassandraLeases:
    connection: Connection
    insert: Prepared
    replace: Prepared
    expire: Prepared
    delete: Prepared
    select_clock: Prepared
    update_clock: Prepared
    _one_at_a_time: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def acquire(self, lease: Lease, now_ms: int) -> Lease:
        wanted = (lease.owner, lease.checkpoint_id, lease.expires_ms, lease.writer)
        for _ in range(ATTEMPTS):
            row = await self.connection.apply(self.insert, wanted)
            if row is None:
                return lease
            held = _lease(lease.writer, row)
            refuse_lease(held, lease, now_ms)
            if await self.connection.apply(self.replace, (*wanted, held.owner, held.expires_ms)) is None:
                return held
        raise LeaseHeld(f"{lease.writer}: others are taking the lease at this moment")

    async def release(self, writer: str, owner: str) -> None:
        await self.connection.apply(self.expire, (writer, owner))

    async def forget(self, writer: str) -> None:
        await self.connection.apply(self.delete, (writer,))

    async def next_write_us(self, writer: str, now_us: int) -> int:
        async with self._one_at_a_time:
            rows = await self.connection.rows(self.select_clock, (writer,))
            next_us = max(rows[0][0] + 1, now_us) if rows else max(1, now_us)
            # Its own write timestamp: a write that was given up and arrives late cannot set the clock back.
            await self.connection.write(self.update_clock, (next_us, next_us, writer))
            return next_us


def _lease(writer: str, row: dict[str, Value]) -> Lease:
    return Lease(writer, cast(str, row["owner"]), cast(str, row["checkpoint_id"]), cast(int, row["expires_ms"]))


async def open_leases(connection: Connection) -> CassandraLeases:
    return CassandraLeases(
        connection,
        await connection.prepare(
            "INSERT INTO leases (owner, checkpoint_id, expires_ms, writer) VALUES (?, ?, ?, ?) IF NOT EXISTS", OWN
        ),
        await connection.prepare(
            "UPDATE leases SET owner = ?, checkpoint_id = ?, expires_ms = ? WHERE writer = ?"
            " IF owner = ? AND expires_ms = ?",
            OWN,
        ),
        await connection.prepare("UPDATE leases SET expires_ms = 0 WHERE writer = ? IF owner = ?", OWN),
        await connection.prepare("DELETE FROM leases WHERE writer = ? IF EXISTS", OWN),
        await connection.prepare("SELECT last_us FROM write_clocks WHERE writer = ?", OWN),
        await connection.prepare("UPDATE write_clocks USING TIMESTAMP ? SET last_us = ? WHERE writer = ?", WRITE),
    )
