"""Where the live service takes records from, and its adapter on a consumer group. It decides nothing about them."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Final, Protocol, TypeVar

from headrace.live.batch import Taken
from headrace.stores.kafka import Consumer, Partition, Record

T = TypeVar("T")

POLL_MS: Final = 100  # how long a poll waits for a first record, and so how late a stop is noticed
COMMIT_EVERY_S: Final = 0.1  # a commit is a write for the broker: one per event would be more writes than the events
WARM_RECORDS: Final = 10_000  # per partition: read again at the start, so that repeats of them are known as such


class Inlet(Protocol):
    """Every call may raise StoreUnavailable; nothing is lost by it."""

    async def take(self) -> Taken:
        """What arrived since the last call, in order per partition; after a short wait perhaps nothing."""

    async def keep(self) -> None:
        """Stay a member without taking anything: what is held must be written first."""

    async def written(self, offsets: Mapping[Partition, int]) -> None:
        """Everything before these offsets is written: a successor starts there, or a little earlier."""

    async def lag(self) -> int | None:
        """Records not yet written; None before any partition is assigned."""

    async def close(self) -> None:
        """Say where a successor starts, and leave."""


class KafkaInlet:
    """kafka-python's consumer in a thread of its own, because it blocks and is not thread-safe.

    A newly assigned partition is read from WARM_RECORDS before its committed offset. No rebalance listener: those run
    on the consumer's I/O thread, where asking for a committed offset would wait for itself.
    """

    def __init__(self, consumer: Consumer) -> None:
        self._consumer = consumer
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="headrace-inlet")
        self._next: dict[Partition, int] = {}  # assigned partition → offset of the first record that is not written
        self._held_back: list[Record] = []
        self._uncommitted = False
        self._committed_s = float("-inf")

    async def take(self) -> Taken:
        return await self._in_thread(self._take)

    async def keep(self) -> None:
        await self._in_thread(self._keep)

    async def written(self, offsets: Mapping[Partition, int]) -> None:
        mine = {partition: offset for partition, offset in offsets.items() if partition in self._next}
        self._next |= mine
        self._uncommitted |= bool(mine)  # an empty poll comes ten times a second and has nothing to commit

    async def lag(self) -> int | None:
        return await self._in_thread(self._lag)

    async def close(self) -> None:
        await self._in_thread(self._close)
        self._thread.shutdown()

    async def _in_thread(self, call: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._thread, call)

    def _take(self) -> Taken:
        if self._uncommitted and time.monotonic() - self._committed_s >= COMMIT_EVERY_S:
            self._consumer.commit_soon(self._next)
            self._uncommitted, self._committed_s = False, time.monotonic()
        records = self._poll(POLL_MS)
        return Taken(
            seen=[record for record in records if self._is_written(record)],
            new=[record for record in records if not self._is_written(record)],
        )

    def _keep(self) -> None:
        self._consumer.pause(self._consumer.assignment())
        self._held_back = self._poll(0)
        self._consumer.resume(self._consumer.assignment())

    def _poll(self, timeout_ms: int) -> list[Record]:
        # Kept until the end: asking for the offsets of a gained partition may fail, and these would not come again.
        self._held_back += self._consumer.poll(0 if self._held_back else timeout_ms)
        assigned = self._consumer.assignment()
        gained = assigned - self._next.keys()
        firsts = self._consumer.firsts(gained) if gained else {}
        starts = {partition: max(self._consumer.committed(partition) or 0, firsts[partition]) for partition in gained}
        for partition, start in starts.items():
            self._consumer.seek(partition, max(firsts[partition], start - WARM_RECORDS))
        self._next = {partition: self._next.get(partition, starts.get(partition, 0)) for partition in assigned}
        self._uncommitted |= bool(gained)  # its start may lie after what is committed, where retention has passed that
        # What was polled of a gained partition comes again, after what is read to warm up.
        records = [record for record in self._held_back if (record.topic, record.partition) not in gained]
        self._held_back = []
        return records

    def _is_written(self, record: Record) -> bool:
        return record.offset < self._next.get((record.topic, record.partition), 0)

    def _lag(self) -> int | None:
        if not self._next:
            return None
        ends = self._consumer.ends(self._next)
        return sum(max(0, end - self._next.get(partition, end)) for partition, end in ends.items())

    def _close(self) -> None:
        try:
            if self._uncommitted:
                self._consumer.commit(self._next)
        finally:
            self._consumer.close()
