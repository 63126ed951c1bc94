"""More partitions (docs/running.md) on a real topic: the checkpoint goes on, and nothing is lost or there twice."""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
from pyspark.sql import Row, SparkSession

from headrace.domain.clean import write_clean
from headrace.settings import Settings
from headrace.stores.kafka import Outgoing, close_producer, open_producer, send_all
from headrace.stream.hot import hot_totals
from headrace.stream.records import topic_records
from tests.conftest import headrace, stack_environ
from tests.stream import oracle
from tests.stream.logs import random_log
from tests.stream.oracle import Record
from tests.stream.streams import drained
from tests.stream.test_panes import totals

pytestmark = [pytest.mark.spark, pytest.mark.stack]


def append(settings: Settings, log: Sequence[Record]) -> None:
    """As ingest does: a person is one partition, and each record carries its src."""
    producer, topic = open_producer(settings.kafka), settings.topic("events.clean")
    try:
        send_all(producer, [outgoing(record, topic) for record in log], 30_000)
    finally:
        close_producer(producer, 10)


def outgoing(record: Record, topic: str) -> Outgoing:
    headers = (("src", record.src.encode()), ("src_ms", str(record.src_ms).encode()))
    return Outgoing(topic, record.event.person.encode(), write_clean(record.event), headers)


def count(spark: SparkSession, settings: Settings, checkpoint: Path) -> list[Row]:
    """What hot writes of all that is there, from where this checkpoint ended."""
    counted = hot_totals(topic_records(spark, settings, "events.clean"), settings.world, 0, sweeps=False)
    rows, _ = drained(counted, "update", checkpoint)
    return rows


def test_after_partitions_were_added_a_checkpoint_goes_on_and_copies_are_still_one_event(
    tuned: SparkSession, tmp_path: Path, var: Path, new_world: Callable[[str], Settings]
) -> None:
    settings = new_world("grown")
    had = settings.world.partitions
    log, checkpoint = random_log(7), tmp_path / "checkpoint"
    half = len(log) // 2
    append(settings, log[:half])
    rows = count(tuned, settings, checkpoint)

    grown = subprocess.run(
        headrace("partitions", "--world", "grown"),
        env=stack_environ(var) | {"HEADRACE__WORLD__PARTITIONS": str(had + 1)},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert grown.returncode == 0, grown.stderr
    assert f"{settings.topic('events.clean')}: now {had + 1} partitions" in grown.stdout

    append(settings, log[half:] + log[half - 100 : half])  # copies, many of them in another partition now
    rows += count(tuned, settings, checkpoint)
    assert totals(rows) == oracle.panes(log, "GBP")
