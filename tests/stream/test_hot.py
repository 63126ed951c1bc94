"""Counting and sweeping by turns on one checkpoint: state ends, and what it knew is not counted again."""

from __future__ import annotations

from pathlib import Path

import pytest
from pyspark.sql import SparkSession

from headrace.domain.facts import FACTS
from headrace.settings import World
from headrace.stream.checkpoint import watermark_ms
from headrace.stream.hot import hot_totals
from tests.stream import oracle
from tests.stream.logs import HORIZON_MS, RECORDS, START, event, random_log, write_records
from tests.stream.oracle import Record
from tests.stream.streams import drained
from tests.stream.test_panes import totals

pytestmark = pytest.mark.spark

WORLD = World(state_horizon_ms=HORIZON_MS)


class Turns:
    """One checkpoint over a growing folder of records."""

    def __init__(self, spark: SparkSession, folder: Path) -> None:
        self.spark, self.folder, self.rows = spark, folder, []
        self.checkpoint, self.arrived = str(folder / "checkpoint"), 0

    def take(self, log: list[Record], sweeps: bool) -> list[dict]:
        """A turn over these records, which have just arrived; the progress of its batches."""
        self.arrived += 1
        write_records(log, self.folder / f"in-{self.arrived}", 1)
        records = self.spark.readStream.schema(RECORDS).parquet(str(self.folder / "in-*"))
        counted = hot_totals(records, WORLD, watermark_ms(self.spark, self.checkpoint), sweeps)
        rows, progress = drained(counted, "update", Path(self.checkpoint))
        self.rows += rows
        return progress


def removed(progress: list[dict]) -> int:
    return sum(op["numRowsRemoved"] for each in progress for op in each["stateOperators"])


def test_a_sweep_ends_old_state_and_what_it_knew_is_not_counted_again(tuned: SparkSession, tmp_path: Path) -> None:
    turns = Turns(tuned, tmp_path)
    old = Record(event(START, "old", item_id="i1"), "1:0:0", START)
    newest_ms = START + HORIZON_MS + 600_000
    new = Record(event(newest_ms, "new"), "1:0:1", newest_ms)
    assert watermark_ms(tuned, turns.checkpoint) == 0
    assert removed(turns.take([old], sweeps=False)) == 0
    assert removed(turns.take([new], sweeps=True)) == 3  # the event, its pane of u:1, its pane of i1
    assert watermark_ms(tuned, turns.checkpoint) == newest_ms - HORIZON_MS
    turns.take([old, new, Record(event(newest_ms, "third"), "1:0:2", newest_ms)], sweeps=False)
    views = FACTS.index("n_view")
    held = totals(turns.rows)
    assert held["user", "u:1", START // 300_000 * 300_000, "unknown", "unknown"][views] == 1
    assert held["user", "u:1", newest_ms // 300_000 * 300_000, "unknown", "unknown"][views] == 2
    assert sum(facts[views] for key, facts in held.items() if key[0] == "partition") == 3


def test_any_turns_count_as_one_recount(tuned: SparkSession, tmp_path: Path) -> None:
    log = random_log(5)
    turns, third = Turns(tuned, tmp_path), len(log) // 3
    for part, sweeps in ((log[:third], False), (log[third : 2 * third], True), (log[2 * third :], False)):
        turns.take(part, sweeps)
    assert totals(turns.rows) == oracle.panes(log, "GBP")
