"""Sending records and waiting for their acknowledgement, where there is no event loop; log.py is for the others."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from typing import Final

from kafka import KafkaProducer
from kafka.errors import KafkaError, MessageSizeTooLargeError
from kafka.producer.future import FutureRecordMetadata, RecordMetadata

from headrace.errors import RecordTooLarge, StoreUnavailable
from headrace.settings import Kafka
from headrace.stores.kafka.reach import reach
from headrace.stores.ports import Appended

MAX_REQUEST_BYTES: Final = 4 * 1_048_576  # above every topic's limit, so that it is the broker that refuses
UNACKNOWLEDGED: Final = 10_000  # records under way in send_all; kafka-python itself would buffer without bound


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A record to be sent. `timestamp_ms` None: now; a topic with LogAppendTime ignores it.

    A topic without deletes by it: a record older than the retention is gone minutes after it was acknowledged.
    """

    topic: str
    key: bytes | None
    value: bytes | None
    headers: tuple[tuple[str, bytes], ...] = ()
    timestamp_ms: int | None = None


def open_producer(kafka: Kafka, linger_ms: int = 2) -> KafkaProducer:
    """An idempotent producer with acks=all. Thread-safe; end it with close_producer. Raises StoreUnavailable.

    `linger_ms` trades that much latency for larger batches. No send takes longer than kafka.request_timeout_ms.
    """
    deadline_ms = kafka.request_timeout_ms
    reach(kafka, deadline_ms)
    try:
        return KafkaProducer(
            bootstrap_servers=kafka.bootstrap.split(","),
            acks="all",
            enable_idempotence=True,
            linger_ms=linger_ms,
            batch_size=65_536,
            max_request_size=MAX_REQUEST_BYTES,
            allow_auto_create_topics=False,
            bootstrap_timeout_ms=deadline_ms,
            max_block_ms=deadline_ms,
            delivery_timeout_ms=deadline_ms,
            # Half of it, so that one lost request leaves time for a second try.
            request_timeout_ms=max(1, (deadline_ms - linger_ms) // 2),
            reconnect_backoff_max_ms=1_000,
            metrics_enabled=False,
        )
    except KafkaError as error:
        raise StoreUnavailable(f"Kafka at {kafka.bootstrap}: {error}") from error


def send_all(producer: KafkaProducer, records: Iterable[Outgoing], deadline_ms: int) -> list[Appended]:
    """Send every record and wait for the broker's word on each; records of one key keep their order.

    Any number of them: UNACKNOWLEDGED at most are under way. Raises StoreUnavailable when one was refused or not
    acknowledged within `deadline_ms` of its sending; those before it are there, those after it may be. Then close the
    producer and open another: this one may never send again.
    """
    under_way: deque[tuple[float, FutureRecordMetadata]] = deque()
    settled: list[Appended] = []
    for record in records:
        if len(under_way) >= UNACKNOWLEDGED:
            settled.append(_settled(*under_way.popleft()))
        under_way.append((time.monotonic() + deadline_ms / 1000, send(producer, record)))
    settled.extend(_settled(*one) for one in under_way)
    return settled


def close_producer(producer: KafkaProducer, within_s: float) -> None:
    """Wait that long for what is under way, then let go of it, whatever state it is in.

    kafka-python 3.0.12's own close waits without end for what was cut off by a lost broker, or raises before it has
    stopped its thread.
    """
    try:
        producer.close(timeout=within_s)
    except KafkaError:
        producer._sender.force_close()
        producer._sender.join(within_s)
        with suppress(KafkaError):
            producer.close(timeout=within_s)


def send(producer: KafkaProducer, record: Outgoing) -> FutureRecordMetadata:
    """Hand one record to the producer's own thread; may wait for the topic's metadata.

    Raises StoreUnavailable, and RecordTooLarge for one above MAX_REQUEST_BYTES.
    """
    try:
        return producer.send(
            record.topic,
            key=record.key,
            value=record.value,
            headers=list(record.headers),
            timestamp_ms=record.timestamp_ms,
        )
    except MessageSizeTooLargeError as error:
        raise RecordTooLarge(f"Kafka: {record.topic}: {error}") from error
    except KafkaError as error:
        raise StoreUnavailable(f"Kafka: {record.topic}: {error}") from error


def appended(metadata: RecordMetadata) -> Appended:
    """Where an acknowledged record is."""
    return Appended(metadata.partition, metadata.offset, metadata.timestamp)


def _settled(deadline: float, future: FutureRecordMetadata) -> Appended:
    try:
        return appended(future.get(timeout=max(0.0, deadline - time.monotonic())))
    except KafkaError as error:
        raise StoreUnavailable(f"Kafka: not acknowledged: {error}") from error
