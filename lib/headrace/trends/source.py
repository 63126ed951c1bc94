"""All of events.clean from a moment on, and its adapter on a consumer without a group. It decides nothing."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Final, Protocol, TypeVar

from headrace.errors import StoreUnavailable
from headrace.settings import Kafka
from headrace.stores.kafka import Consumer, Partition, Record, open_consumer

T = TypeVar("T")

POLL_MS: Final = 500
FETCH_WAIT_MS: Final = 1_000
FETCH_BYTES: Final = 262_144
"""A fetch stays with the broker for a second or until so much is there: an answer per event is what costs."""


class Source(Protocol):
    """Every call may raise StoreUnavailable; nothing is lost by it."""

    async def take(self) -> Sequence[Record]:
        """What arrived since the last call, in order per partition; after a short wait perhaps nothing."""

    async def ends(self) -> Mapping[Partition, int]:
        """Offset that each partition's next record will get."""

    async def close(self) -> None:
        """Let go."""


class KafkaSource:
    """kafka-python's consumer in a thread of its own, because it blocks and is not thread-safe."""

    def __init__(self, consumer: Consumer, thread: ThreadPoolExecutor) -> None:
        self._consumer = consumer
        self._thread = thread

    async def take(self) -> Sequence[Record]:
        return await _within(self._thread, lambda: self._consumer.poll(POLL_MS))

    async def ends(self) -> Mapping[Partition, int]:
        return await _within(self._thread, lambda: self._consumer.ends(self._consumer.assignment()))

    async def close(self) -> None:
        await _within(self._thread, self._consumer.close)
        self._thread.shutdown()


async def open_source(
    kafka: Kafka, topic: str, since_ms: int | None, left_at: Mapping[Partition, int]
) -> tuple[KafkaSource, dict[Partition, int]]:
    """The topic, and where reading starts: at `left_at` where that is every partition and still there; else with what
    was appended since then, or with the first record. Raises StoreUnavailable."""
    thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="headrace-trends")

    def opened() -> tuple[KafkaSource, dict[Partition, int]]:
        consumer = open_consumer(kafka, fetch_max_wait_ms=FETCH_WAIT_MS, fetch_min_bytes=FETCH_BYTES)
        try:
            return KafkaSource(consumer, thread), _placed(consumer, topic, since_ms, left_at)
        except StoreUnavailable:
            consumer.close()
            raise

    try:
        return await _within(thread, opened)
    except StoreUnavailable:
        thread.shutdown()
        raise


def _placed(
    consumer: Consumer, topic: str, since_ms: int | None, left_at: Mapping[Partition, int]
) -> dict[Partition, int]:
    """Where it reads from now on."""
    consumer.assign_whole(topic)
    partitions = consumer.assignment()
    firsts, ends = consumer.firsts(partitions), consumer.ends(partitions)
    starts = dict(firsts) if since_ms is None else dict(consumer.firsts_since(partitions, since_ms))
    if left_at.keys() == partitions and all(firsts[one] <= left_at[one] <= ends[one] for one in partitions):
        starts = dict(left_at)
    for partition, offset in starts.items():
        consumer.seek(partition, offset)
    return starts


async def _within(thread: ThreadPoolExecutor, call: Callable[[], T]) -> T:
    return await asyncio.get_running_loop().run_in_executor(thread, call)
