"""A small world whose stream has run over a ledger, and what it left behind; for tests of the recount."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Generic, TypeVar

from delta.tables import DeltaTable
from pyspark.sql import DataFrame, Row, SparkSession

from headrace.domain.events import ItemId
from headrace.domain.panes import HOUR_MS
from headrace.domain.summary import Summary
from headrace.settings import Settings
from headrace.stream.backfill import WINDOW_KEY, Recount
from headrace.stream.clean import clean_events, first_to_arrive
from headrace.stream.finals import start_sessions, start_windows
from headrace.stream.held import PANE_KEY, PANE_ROWS, Held
from headrace.stream.panes import panes
from headrace.stream.settled import closed_hours, settled_until
from headrace.stream.tables import create_tables
from tests.stream import oracle
from tests.stream.logs import HORIZON_MS, RECORDS, START, closing, event, random_log, write_records
from tests.stream.oracle import Record
from tests.stream.streams import emitted, facts_in, summary_in

FIRST = START // HOUR_MS * HOUR_MS - HOUR_MS  # the oldest event is at most ten minutes before START
END = FIRST + 7 * HOUR_MS
APART = START + 3 * HOUR_MS

H = TypeVar("H", bound=Held)
V = TypeVar("V")


def story() -> list[Record]:
    """Copies, late events, a redelivered batch, an id used twice, and two visits of one session 50 minutes apart."""
    log = random_log(11, length=60)
    first = log[3].event
    log.insert(10, Record(replace(first, occurred_at=first.occurred_at + 1, late=False), "1:0:900", START))
    log += log[20:30]
    visits = [event(APART + n * 3_000_000, f"v{n}", "u:visitor", session_id="s", item_id=ItemId("i1")) for n in (0, 1)]
    log += [Record(each, f"1:1:{900 + n}", START + 4 * HOUR_MS) for n, each in enumerate(visits)]
    return [*log, closing(log)]


MISSED = Record(event(APART + 1_500_000, "missed", "u:visitor", session_id="s", item_id=ItemId("i1")), "1:1:950", START)
"""In between the two visits, read when every query is past it."""


class Lake(Generic[H]):
    """Tables, checkpoints and stores of one world."""

    def __init__(self, spark: SparkSession, folder: Path, settings: Settings, held: H) -> None:
        at_once = settings.spark.model_copy(update={"finals_trigger": "0 seconds"})
        self.spark = spark
        self.folder = folder
        self.settings = settings.model_copy(update={"spark": at_once})
        self.held = held
        names = ("events", "user_windows", "sessions")
        create_tables(spark, {name: self.settings.table(name) for name in names})

    def arrive(self, log: Sequence[Record], name: str) -> None:
        """The records are in the ledger."""
        write_records(log, self.folder / name, 1)
        events = clean_events(self.spark.read.schema(RECORDS).parquet(str(self.folder / name)))
        events.write.format("delta").mode("append").save(self.settings.table("events"))

    def run_finals(self) -> None:
        for start in (start_windows, start_sessions):
            query = start(self.spark, self.settings)
            query.processAllAvailable()
            query.stop()

    def run_hot(self, log: Sequence[Record]) -> None:
        """As the hot query does, but the sums of each key are put once."""

        def hot(events: DataFrame) -> DataFrame:
            return panes(first_to_arrive(events), "GBP", HORIZON_MS)

        rows, _ = emitted(self.spark, self.folder / "hot", log, hot, "update", 2)
        last = {tuple(row[name] for name in PANE_KEY): tuple(row) for row in rows}
        self.held.put_panes(self.spark.createDataFrame(list(last.values()), PANE_ROWS))

    def recount(self, now_ms: int, begin: int = FIRST, end: int = END) -> Recount:
        hours = closed_hours(begin, end, settled_until(self.spark, self.settings))
        return Recount(self.spark, self.settings, self.held, hours, now_ms)

    def table(self, name: str) -> DataFrame:
        return self.spark.read.format("delta").load(self.settings.table(name))

    def version(self, name: str) -> int:
        newest = DeltaTable.forPath(self.spark, self.settings.table(name)).history(1).first()
        assert newest is not None
        return int(newest["version"])

    def windows(self) -> dict[tuple, list[int]]:
        return by_key(self.table("user_windows"), WINDOW_KEY, facts_in)

    def sessions(self) -> dict[tuple, Summary]:
        return by_key(self.table("sessions"), ("person", "session_id", "started_ms", "ended_ms"), summary_in)


def by_key(rows: DataFrame, key: Sequence[str], read: Callable[[Row], V]) -> dict[tuple, V]:
    """Key → what a row says, as the oracle has it."""
    collected = rows.collect()
    keyed = {tuple(row[name] for name in key): read(row) for row in collected}
    assert len(keyed) == len(collected), "a row is there twice"
    return keyed


def in_panes(log: Sequence[Record]) -> dict[tuple, list[int]]:
    """The oracle's panes of people and items, without those of the closing event."""
    keyed = oracle.panes(log, "GBP")
    return {key: facts for key, facts in keyed.items() if key[0] != "partition" and key[1] != "u:closing"}


def without_closing(rows: Mapping[tuple, V]) -> dict[tuple, V]:
    """Its windows and its session are open: nothing is a horizon younger."""
    return {key: value for key, value in rows.items() if key[0] != "u:closing"}
