"""The ingest job as it runs: spark-submit.sh, real Kafka, a lease in real Cassandra; bad and huge records, kill -9."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest
from kafka import KafkaConsumer, KafkaProducer, TopicPartition

from headrace.domain.clean import read_clean
from headrace.domain.events import Event, ItemId, Person
from headrace.local.checkout import ROOT
from headrace.ready import read_ready, ready_file
from headrace.settings import Settings
from headrace.stream.progress import INGEST, ends_read
from tests.conftest import stack_environ, wait_for

pytestmark = pytest.mark.stack

START_S = 180
SETTLE_S = 60


@dataclass(frozen=True, slots=True)
class Record:
    key: bytes | None
    value: bytes
    headers: Mapping[str, str]


@pytest.fixture(scope="module")
def world(new_world: Callable[[str], Settings]) -> Settings:
    return new_world("ingested")


class Ingest:
    """The job as a process of ours, started in a session of its own so that all of it can be killed."""

    def __init__(self, world: Settings, var: Path, log: Path) -> None:
        ready_file(world, "ingest").unlink(missing_ok=True)
        self.log = log
        with log.open("w") as lines:
            self.process = subprocess.Popen(
                (str(ROOT / "spark-submit.sh"), "jobs/ingest.py", "--world", world.world.name),
                env=stack_environ(var),
                stdout=lines,  # where spark-submit sends what a Python job says on stderr
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def wait_until_ready(self, world: Settings) -> None:
        wait_for(lambda: self.process.poll() is not None or bool(read_ready(world, "ingest")), START_S)
        assert self.process.poll() is None, self.log.read_text()

    def kill(self) -> None:
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()


@pytest.fixture
def start(world: Settings, var: Path, tmp_path: Path) -> Iterator[Callable[[], Ingest]]:
    started: list[Ingest] = []

    def start_one() -> Ingest:
        started.append(Ingest(world, var, tmp_path / f"ingest-{len(started)}.log"))
        return started[-1]

    yield start_one
    for ingest in started:
        if ingest.process.poll() is None:
            ingest.kill()


def send(world: Settings, records: list[tuple[bytes | None, bytes | None]]) -> list[str]:
    """Append to events.raw; the src that each must get."""
    producer = KafkaProducer(bootstrap_servers=world.kafka.bootstrap, acks="all", max_request_size=1_048_576)
    try:
        sent = [producer.send(world.topic("events.raw"), key=key, value=value) for key, value in records]
        places = [future.get(timeout=30) for future in sent]
    finally:
        producer.close()
    return [f"1:{place.partition}:{place.offset}" for place in places]


def read_by_src(world: Settings, topic: str, wanted: set[str]) -> dict[str, list[Record]]:
    """src → its records, once every wanted src is there."""
    found: dict[str, list[Record]] = {}
    consumer = KafkaConsumer(bootstrap_servers=world.kafka.bootstrap, max_partition_fetch_bytes=4_000_000)
    try:
        consumer.assign([TopicPartition(world.topic(topic), number) for number in range(world.world.partitions)])
        consumer.seek_to_beginning()
        deadline = time.monotonic() + SETTLE_S
        while not wanted <= found.keys():
            assert time.monotonic() < deadline, f"{topic}: {sorted(wanted - found.keys())} did not come"
            for records in consumer.poll(timeout_ms=200).values():
                for record in records:
                    headers = {name: value.decode() for name, value in record.headers}
                    found.setdefault(headers["src"], []).append(Record(record.key, record.value, headers))
    finally:
        consumer.close()
    return found


def now_ms() -> int:
    return time.time_ns() // 1_000_000


def view(number: int, occurred_at: int) -> bytes:
    event = {"event_id": f"e{number}", "kind": "view", "user_id": "ü", "item_id": "i1", "occurred_at": occurred_at}
    return json.dumps(event).encode()


def test_each_record_comes_out_once_on_the_topic_it_belongs_to(world: Settings, start: Callable[[], Ingest]) -> None:
    happened = now_ms()
    huge = b"x" * 1_040_000
    raws = {
        "good": view(1, happened),
        "late": view(2, happened - 3_600_000),
        "future": view(3, happened + 3_600_000),
        "not UTF-8": b"\xff\xfe",
        "empty": b"",
        "tombstone": None,
        "huge": huge,
        "no consent": view(4, happened)[:-1] + b',"consent":false}',
    }
    src = dict(zip(raws, send(world, [(b"k", raw) for raw in raws.values()]), strict=True))
    start().wait_until_ready(world)
    clean = read_by_src(world, "events.clean", {src["good"], src["late"]})
    rejected = read_by_src(world, "events.rejected", set(src.values()) - {src["good"], src["late"]})

    (good,) = clean[src["good"]]
    assert good.key == "u:ü".encode()
    received = int(good.headers["src_ms"])
    assert happened <= received <= now_ms()
    assert read_clean(good.value) == Event(
        event_id="e1",
        kind="view",
        person=Person("u:ü"),
        user_id="ü",
        item_id=ItemId("i1"),
        occurred_at=happened,
        received_at=received,
        late=False,
    )
    assert read_clean(clean[src["late"]][0].value).late

    reasons = {name: rejected[src[name]][0].headers["reason"] for name in raws if src[name] in rejected}
    assert reasons == {
        "future": "future",
        "not UTF-8": "not_utf8",
        "empty": "not_json",
        "tombstone": "not_json",
        "huge": "too_large",
        "no consent": "no_consent",
    }
    kept = {name: rejected[src[name]][0].value for name in reasons}
    assert kept == {
        "future": raws["future"],
        "not UTF-8": b"\xff\xfe",
        "empty": b"",
        "tombstone": b"",
        "huge": huge,
        "no consent": b"",
    }
    assert rejected[src["future"]][0].key == src["future"].encode()
    assert rejected[src["future"]][0].headers["detail"].startswith("occurred_at: ")
    assert clean.keys().isdisjoint(rejected)

    # When the batch has ended, ingest says exactly how far it has read: past all eight, which share a key.
    _, busy, last = src["no consent"].split(":")
    ends = {(world.topic("events.raw"), number): 0 for number in range(world.world.partitions)}
    ends[world.topic("events.raw"), int(busy)] = int(last) + 1
    wait_for(lambda: ends_read(world, "ingest") == {INGEST: ends}, SETTLE_S)
    wait_for(lambda: read_ready(world, "ingest").get("lag") == 0, SETTLE_S)


def test_after_kill_9_it_goes_on_and_loses_nothing(world: Settings, start: Callable[[], Ingest]) -> None:
    first = start()
    first.wait_until_ready(world)
    before = send(world, [(b"k", view(number, now_ms())) for number in range(100, 150)])
    read_by_src(world, "events.clean", set(before))
    first.kill()
    meanwhile = send(world, [(b"k", view(number, now_ms())) for number in range(150, 200)])
    start().wait_until_ready(world)
    after = read_by_src(world, "events.clean", set(before + meanwhile))
    ids = {src: {read_clean(record.value).event_id for record in after[src]} for src in before + meanwhile}
    assert list(ids.values()) == [{f"e{number}"} for number in range(100, 200)]  # redelivered, maybe, but the same


def test_a_second_ingest_is_refused_and_the_first_ends_when_told_to(
    world: Settings, start: Callable[[], Ingest]
) -> None:
    first = start()
    first.wait_until_ready(world)
    second = start()
    assert second.process.wait(START_S) == 1
    assert "another process of this machine" in second.log.read_text()
    first.process.terminate()
    first.process.wait(30)
    assert "Traceback" not in first.log.read_text()
    start().wait_until_ready(world)


def test_fewer_slots_than_partitions_are_refused(world: Settings, var: Path, tmp_path: Path) -> None:
    environ = stack_environ(var) | {"HEADRACE__SPARK__MASTER": "local[1]"}
    refused = subprocess.run(
        (str(ROOT / "spark-submit.sh"), "jobs/ingest.py", "--world", world.world.name),
        env=environ,
        capture_output=True,
        text=True,
        timeout=START_S,
        check=False,
    )
    assert refused.returncode == 2
    assert "has 2 partitions and Spark has 1 task slots" in refused.stdout
