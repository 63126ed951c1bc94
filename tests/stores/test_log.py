"""The EventLog port, both adapters."""

from __future__ import annotations

import asyncio
import socket
import time
from collections.abc import Callable, Iterator

import pytest
from kafka.future import Future
from kafka.producer.future import RecordMetadata

from headrace.errors import StoreUnavailable
from headrace.settings import Kafka, Settings
from headrace.stores.kafka import KafkaLog, Record, open_consumer
from headrace.stores.memory_log import MemoryLog
from headrace.stores.ports import Appended, EventLog
from tests.stores.conftest import Run, a_name

TOPIC = "stores.events.raw"
Kept = tuple[bytes | None, bytes | None, tuple[tuple[str, bytes], ...]]


@pytest.fixture(params=["memory", pytest.param("kafka", marks=pytest.mark.stack)])
def log(request: pytest.FixtureRequest, run: Run) -> Iterator[EventLog]:
    if request.param == "memory":
        yield MemoryLog(now_ms=1_700_000_000_000)
        return
    kafka_log = KafkaLog(request.getfixturevalue("world").kafka)
    yield kafka_log
    run(kafka_log.close())


@pytest.fixture
def kept(log: EventLog, request: pytest.FixtureRequest) -> Callable[[bytes], list[Kept]]:
    """What the topic has of one key, in order."""

    def read(key: bytes) -> list[Kept]:
        if isinstance(log, MemoryLog):
            return [record for record in log.records.get(TOPIC, []) if record[0] == key]
        records = read_whole(request.getfixturevalue("world"), TOPIC)
        return [(record.key, record.value, record.headers) for record in records if record.key == key]

    return read


def read_whole(world: Settings, topic: str) -> list[Record]:
    consumer = open_consumer(world.kafka)
    try:
        consumer.assign_whole(topic)
        firsts, ends = consumer.firsts(consumer.assignment()), consumer.ends(consumer.assignment())
        missing = {partition: end for partition, end in ends.items() if end > firsts[partition]}
        records: list[Record] = []
        while missing:
            for record in consumer.poll(1_000):
                records.append(record)
                if record.offset + 1 >= missing.get((record.topic, record.partition), record.offset + 2):
                    del missing[record.topic, record.partition]
        return records
    finally:
        consumer.close()


def test_an_acknowledged_record_is_there_with_its_headers(
    log: EventLog, kept: Callable[[bytes], list[Kept]], run: Run
) -> None:
    key = a_name().encode()
    appended = run(log.append(TOPIC, key, b'{"a": 1}', [("src", b"1:0:7"), ("src_ms", b"9")]))
    assert appended.offset >= 0
    assert kept(key) == [(key, b'{"a": 1}', (("src", b"1:0:7"), ("src_ms", b"9")))]


def test_records_of_one_key_keep_their_order_and_have_offsets_of_their_own(
    log: EventLog, kept: Callable[[bytes], list[Kept]], run: Run
) -> None:
    key, values = a_name().encode(), [b"%d" % n for n in range(300)]

    async def append_all() -> list[Appended]:
        return list(await asyncio.gather(*(log.append(TOPIC, key, value) for value in values)))

    appended = run(append_all())
    assert len({one.partition for one in appended}) == 1
    assert [one.offset for one in appended] == sorted({one.offset for one in appended})
    assert [value for _, value, _ in kept(key)] == values


def test_no_value_is_kept_as_no_value(log: EventLog, kept: Callable[[bytes], list[Kept]], run: Run) -> None:
    key = a_name().encode()
    run(log.append(TOPIC, key, None))
    assert kept(key) == [(key, None, ())]


def test_closing_twice_is_fine(log: EventLog, run: Run) -> None:
    run(log.close())
    run(log.close())


@pytest.mark.stack
def test_the_timestamp_is_the_brokers(world: Settings, run: Run) -> None:
    log = KafkaLog(world.kafka)
    before_ms = time.time_ns() // 1_000_000
    appended = run(log.append(TOPIC, b"k", b"v"))
    after_ms = time.time_ns() // 1_000_000
    run(log.close())
    assert before_ms <= appended.timestamp_ms <= after_ms


def test_a_memory_log_told_to_be_down_refuses(run: Run) -> None:
    log = MemoryLog()
    log.switch.down = True
    with pytest.raises(StoreUnavailable):
        run(log.append(TOPIC, b"k", b"v"))
    assert log.records == {}


def test_a_broker_that_is_not_there_is_unavailable_at_the_deadline(run: Run) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    log = KafkaLog(Kafka(bootstrap=f"127.0.0.1:{port}", request_timeout_ms=300))
    started = time.monotonic()
    with pytest.raises(StoreUnavailable, match=f"127.0.0.1:{port}"):
        run(log.append(TOPIC, b"k", b"v"))
    took_s = time.monotonic() - started
    run(log.close())
    assert 0.25 <= took_s < 3.0  # the rest is a loaded test machine


def test_a_closed_log_refuses_at_once(run: Run) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    log = KafkaLog(Kafka(bootstrap=f"127.0.0.1:{port}", request_timeout_ms=300))
    run(log.close())
    with pytest.raises(StoreUnavailable, match="closed"):
        run(log.append(TOPIC, b"k", b"v"))


class Producer:
    """A kafka-python producer whose records are acknowledged, or not ever."""

    def __init__(self, acknowledges: bool) -> None:
        self.acknowledges = acknowledges
        self.closed = False

    def send(self, topic: str, **record: object) -> Future:
        sent = Future()
        if self.acknowledges:
            sent.success(RecordMetadata(topic, 0, None, 7, 9, None, 0, 0, 0))
        return sent

    def close(self, timeout: float) -> None:
        self.closed = True


def test_a_producer_that_lost_its_broker_is_replaced_by_a_new_one(monkeypatch: pytest.MonkeyPatch, run: Run) -> None:
    stuck, well = Producer(acknowledges=False), Producer(acknowledges=True)
    waiting = iter((stuck, well))
    monkeypatch.setattr("headrace.stores.kafka.log.open_producer", lambda kafka, linger_ms: next(waiting))
    log = KafkaLog(Kafka(request_timeout_ms=200))
    with pytest.raises(StoreUnavailable, match=r"not acknowledged in 0\.2 s"):
        run(log.append(TOPIC, b"k", b"v"))
    assert run(log.append(TOPIC, b"k", b"v")) == Appended(partition=0, offset=7, timestamp_ms=9)
    assert (stuck.closed, well.closed) == (True, False)
    run(log.close())
    assert well.closed
