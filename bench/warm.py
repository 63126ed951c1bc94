"""A warm driver to fail in: one session, one world on real servers, and lives of its queries on lasting checkpoints.

A life is what a program does between its start and its end: it holds its leases, runs the product's own queries until
they have read all there is, and stops. What fails in it and what must come out: warm_faults.py.
"""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, replace
from functools import partial
from typing import Final

from pyspark.errors import StreamingQueryException
from pyspark.sql import SparkSession
from pyspark.sql.streaming.query import StreamingQuery
from tests.stream.logs import random_log
from tests.stream.oracle import Record

from headrace.domain.clean import write_clean
from headrace.domain.events import Event, ItemId, Person
from headrace.errors import PartFailed
from headrace.failpoints import FaultInjected
from headrace.live.batch import Topics
from headrace.live.inlet import KafkaInlet
from headrace.live.service import Live
from headrace.settings import Settings
from headrace.stores.cassandra import open_stores
from headrace.stores.kafka import Outgoing, close_producer, open_consumer, open_producer, send_all
from headrace.stream.hot import HOT
from headrace.stream.lease import HeldLease, hold_checkpoint
from headrace.stream.progress import ends_read
from headrace.stream.queries import GROUPS
from headrace.stream.sweeping import run_hot
from headrace.stream.tables import create_tables

CLOSING: Final = Person("u:closing")

RUN_APART_MS: Final = 8 * 86_400_000
"""Runs share topics, tables and checkpoints, so each happens in days of its own, behind the closing one of the last."""

PATIENCE_S: Final = 120.0
STARTS: Final = {name: start for queries in GROUPS.values() for name, start in queries.items()}


@dataclass(slots=True)
class Warm:
    """`runs` counts the logs that were sent, each of `length` events and copies, of its own people, items and days."""

    spark: SparkSession
    settings: Settings
    length: int = 240
    runs: int = 0

    def log(self, seed: int) -> list[Record]:
        """A random log of this run's own people: copies, late ones, out of order."""
        self.runs += 1
        return [_moved(record, self.runs) for record in random_log(seed, self.length)]

    def send(self, log: Sequence[Record], garbage: int = 0) -> None:
        """The log into events.clean in its order, and among it records that ingest did not write."""
        topic = self.settings.topic("events.clean")
        records = [
            Outgoing(
                topic,
                record.event.person.encode(),
                write_clean(record.event),
                (("src", record.src.encode()), ("src_ms", str(record.src_ms).encode())),
            )
            for record in log
        ]
        for number in range(garbage):
            value = (b"", b"\xff\xfe", b'{"person": 7}', b"[]", b"not JSON")[number % 5]
            records.insert(number * len(records) // garbage, Outgoing(topic, b"garbage", value))
        self.send_records(records)

    def send_records(self, records: Sequence[Outgoing]) -> None:
        producer = open_producer(self.settings.kafka)
        send_all(producer, records, 30_000)
        close_producer(producer, 10)

    def with_batches_of(self, offsets: int, sweep_s: float = 900.0) -> Settings:
        """This world's settings with batches of at most so many records, as fast as they go."""
        spark = self.settings.spark.model_copy(
            update={
                "max_offsets_per_trigger": offsets,
                "hot_sweep_s": sweep_s,
                "hot_trigger": "50 milliseconds",
                "ledger_trigger": "50 milliseconds",
                "finals_trigger": "50 milliseconds",
                "archive_trigger": "50 milliseconds",
            }
        )
        return self.settings.model_copy(update={"spark": spark})

    def ends(self, topic: str) -> dict[tuple[str, int], int]:
        """Partition of one of this world's topics → the offset of its next record."""
        name = self.settings.topic(topic)
        with closing(open_consumer(self.settings.kafka)) as reader:
            return dict(reader.ends([(name, partition) for partition in range(self.settings.world.partitions)]))


def _moved(record: Record, run: int) -> Record:
    """The same event in another run: other people, other items, other days, another place in events.raw."""
    event, later = record.event, run * RUN_APART_MS
    generation, partition, offset = record.src.split(":")
    moved = replace(
        event,
        person=Person(f"{event.person}-{run}"),
        item_id=None if event.item_id is None else ItemId(f"{event.item_id}-{run}"),
        occurred_at=event.occurred_at + later,
        received_at=event.received_at + later,
    )
    return Record(moved, f"{generation}:{partition}:{int(offset) + run * 100_000}", record.src_ms + later)


def closing_of(log: Sequence[Record]) -> Record:
    """An event of nobody else that closes every window of this log and is older than every later run."""
    generation, partition, offset = log[-1].src.split(":")
    at = max(record.event.occurred_at for record in log) + 2 * 86_400_000
    event = Event(event_id=f"closing-{offset}", kind="view", person=CLOSING, occurred_at=at, received_at=at)
    return Record(event, f"{generation}:{partition}:{int(offset) + 50_000}", log[-1].src_ms)


def failed(life: Callable[[], None]) -> bool:
    """Live that life; whether what was armed ended it. Any other failure is raised: no fault asked for it."""
    try:
        life()
    except FaultInjected:
        return True
    except (PartFailed, StreamingQueryException) as error:
        if _was_injected(error):
            return True
        raise
    return False


def _was_injected(error: BaseException | None) -> bool:
    """Raised by a point, or by Spark for a Python worker that a point killed."""
    while error is not None:
        if FaultInjected.__name__ in str(error) or "Python worker exited unexpectedly" in str(error):
            return True
        error = error.__cause__
    return False


def hot_life(warm: Warm, settings: Settings) -> None:
    """What jobs/hot.py does, until it has counted everything that is there."""
    ends, stopping = warm.ends("events.clean"), threading.Event()
    deadline = time.monotonic() + PATIENCE_S
    with hold_checkpoint(warm.spark, settings, HOT) as lease:

        def check() -> None:
            lease.check()
            read = ends_read(settings, "hot").get("hot", {})
            if all(read.get(partition, 0) >= end for partition, end in ends.items()):
                stopping.set()
            if time.monotonic() > deadline:
                raise PartFailed(f"hot read {read} of {ends} in {PATIENCE_S:.0f} s")

        run_hot(warm.spark, settings, stopping, check)


@contextmanager
def _running(warm: Warm, settings: Settings, writers: Sequence[str]) -> Iterator[list[Callable[[], None]]]:
    """Start the queries of these writers, each under its lease; gives how to wait until each has read all there is."""
    tables = ("events", "user_windows", "sessions", "rejected", "decisions")
    create_tables(warm.spark, {name: settings.table(name) for name in tables})
    with ExitStack() as stack:
        waits: list[Callable[[], None]] = []
        for writer in writers:
            lease = stack.enter_context(hold_checkpoint(warm.spark, settings, writer))
            query = STARTS[writer](warm.spark, settings)
            stack.callback(query.stop)

            waits.append(partial(_wait, query, lease))
        yield waits


def _wait(query: StreamingQuery, lease: HeldLease) -> None:
    query.processAllAvailable()
    lease.check()


def features_life(warm: Warm, settings: Settings, writers: Sequence[str]) -> None:
    """What jobs/features.py does for these writers, which feed each other in this order, until all is drained."""
    with _running(warm, settings, writers) as waits:
        for wait in waits:
            wait()


def cut_short(warm: Warm, settings: Settings, writers: Sequence[str], after_s: float) -> bool:
    """The same, stopped wherever its queries are after that time; whether it was before they had read everything."""
    with _running(warm, settings, writers) as waits:
        stopped = threading.Event()

        def stop() -> None:
            stopped.set()
            for query in warm.spark.streams.active:
                query.stop()

        timer = threading.Timer(after_s, stop)
        timer.start()
        try:
            for wait in waits:
                wait()
        except StreamingQueryException as error:
            if "interrupted" not in str(error).lower() and "stopped" not in str(error).lower():
                raise
        timer.cancel()
        timer.join()
        return stopped.is_set()


def live_life(warm: Warm) -> None:
    """What jobs/live.py does, until everything is committed; a failure leaves the group without a commit."""
    asyncio.run(_live(warm))


async def _live(warm: Warm) -> None:
    settings, stopping = warm.settings, asyncio.Event()
    topics = Topics(settings.topic("events.clean"), settings.topic("decisions"), settings.topic("users"))
    names = (topics.clean, topics.decisions, topics.users)
    consumer = await asyncio.to_thread(open_consumer, settings.kafka, f"{settings.world.name}.live", names)
    inlet = KafkaInlet(consumer)
    live = Live(inlet, topics, stopping, time.monotonic)
    running = asyncio.create_task(live.run(lambda: open_stores(settings.cassandra, settings.keyspace)))
    deadline = time.monotonic() + PATIENCE_S
    try:
        while not running.done() and await inlet.lag() != 0:
            if time.monotonic() > deadline:
                raise PartFailed(f"live is not through after {PATIENCE_S:.0f} s: {live.progress}")
            await asyncio.sleep(0.05)
        stopping.set()
        await running
        await inlet.close()
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
        consumer.close()  # without a commit, where it was not closed above
