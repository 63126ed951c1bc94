"""Records into a topic as they fall due, each acknowledged. It does not know what is in them or who reads them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Final

from headrace.local.wire import Record
from headrace.settings import Kafka
from headrace.stores.kafka import Outgoing, close_producer, open_producer, send_all

BURST: Final = 2_000
"""Records per round of acknowledgements: large enough that a round trip costs nothing, small enough for a live bar."""

DueS = Callable[[Record], float]
"""Seconds after the start at which a record is to be sent."""


def at_once(_: Record) -> float:
    """Due at once: as fast as the broker takes them."""
    return 0.0


def bursts(
    records: Iterable[Record], due_s: DueS, monotonic: Callable[[], float], sleep: Callable[[float], None]
) -> Iterator[list[Record]]:
    """`records` in their order, in bursts of what is due by now; sleeps where nothing is.

    The schedule is fixed at the start: a slow broker makes later bursts larger, never the whole run longer.
    """
    start = monotonic()
    burst: list[Record] = []
    for record in records:
        early_s = due_s(record) - (monotonic() - start)
        if burst and (early_s > 0 or len(burst) == BURST):
            yield burst
            burst = []
            early_s = due_s(record) - (monotonic() - start)
        if early_s > 0:
            sleep(early_s)
        burst.append(record)
    if burst:
        yield burst


def send_bursts(kafka: Kafka, topic: str, batches: Iterable[list[Record]], sent: Callable[[int], None]) -> int:
    """Send each burst and wait until the broker has it; calls `sent` with its size. Returns how many there were.

    Raises StoreUnavailable when the broker does not take one.
    """
    total = 0
    producer = open_producer(kafka)
    try:
        for batch in batches:
            outgoing = [Outgoing(topic, record.key, record.value) for record in batch]
            send_all(producer, outgoing, kafka.request_timeout_ms)
            total += len(batch)
            sent(len(batch))
    finally:
        close_producer(producer, kafka.request_timeout_ms / 1000)
    return total
