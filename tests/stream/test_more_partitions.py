"""More partitions (docs/running.md) on a real topic: the checkpoint goes on, and nothing is lost or there twice."""

from __future__ import annotations

import subprocess
import zlib
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
from kafka import KafkaProducer
from pyspark.sql import Row, SparkSession

from headrace.domain.clean import write_clean
from headrace.settings import Settings
from headrace.stream.hot import hot_totals
from headrace.stream.records import topic_records
from tests.conftest import headrace, stack_environ
from tests.stream import oracle
from tests.stream.logs import random_log
from tests.stream.oracle import Record
from tests.stream.test_panes import totals

pytestmark = [pytest.mark.spark, pytest.mark.stack]


def append(settings: Settings, log: Sequence[Record], partitions: int) -> None:
    """As ingest does: a person is one partition, and each record carries its src."""
    producer = KafkaProducer(bootstrap_servers=settings.kafka.bootstrap, acks="all")
    try:
        for record in log:
            key = record.event.person.encode()
            producer.send(
                settings.topic("events.clean"),
                key=key,
                value=write_clean(record.event),
                headers=[("src", record.src.encode()), ("src_ms", str(record.src_ms).encode())],
                partition=zlib.crc32(key) % partitions,
            )
        producer.flush(timeout=30)
    finally:
        producer.close()


def count(spark: SparkSession, settings: Settings, checkpoint: Path) -> list[Row]:
    """What hot writes of all that is there, from where this checkpoint ended."""
    rows: list[Row] = []
    counted = hot_totals(topic_records(spark, settings, "events.clean"), settings.world, 0, sweeps=False)
    query = (
        counted.writeStream.outputMode("update")
        .option("checkpointLocation", str(checkpoint))
        .foreachBatch(lambda batch, _: rows.extend(batch.collect()))
        .trigger(availableNow=True)
        .start()
    )
    query.awaitTermination()
    return rows


def test_after_partitions_were_added_a_checkpoint_goes_on_and_copies_are_still_one_event(
    tuned: SparkSession, tmp_path: Path, var: Path, new_world: Callable[[str], Settings]
) -> None:
    settings = new_world("grown")
    had = settings.world.partitions
    log, checkpoint = random_log(7), tmp_path / "checkpoint"
    half = len(log) // 2
    append(settings, log[:half], had)
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

    append(settings, log[half:] + log[half - 100 : half], had + 1)  # copies, many of them in another partition now
    rows += count(tuned, settings, checkpoint)
    assert totals(rows) == oracle.panes(log, "GBP")
