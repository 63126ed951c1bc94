"""How many events of each raw partition and hour the hot query counted, in stream_counts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from headrace.stores.cassandra.connection import OWN, WRITE, Connection, Prepared


@dataclass(frozen=True, slots=True)
class CassandraCounts:
    connection: Connection
    update: Prepared
    select: Prepared

    async def put(self, rows: Sequence[tuple[str, int, int]], write_us: int) -> None:
        await self.connection.write_all(
            self.update, [(write_us, counted, raw_partition, hour_ms) for raw_partition, hour_ms, counted in rows]
        )

    async def of(self, raw_partition: str) -> Mapping[int, int]:
        return dict(await self.connection.rows(self.select, (raw_partition,)))


async def open_counts(connection: Connection) -> CassandraCounts:
    return CassandraCounts(
        connection,
        await connection.prepare(
            "UPDATE stream_counts USING TIMESTAMP ? SET counted = ? WHERE raw_partition = ? AND hour = ?", WRITE
        ),
        await connection.prepare("SELECT hour, counted FROM stream_counts WHERE raw_partition = ?", OWN),
    )
