"""Runs a transform as a real stream over files, one file a micro-batch, and hands back what it emitted."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import fields
from pathlib import Path

from pyspark.sql import DataFrame, Row, SparkSession

from headrace.domain.facts import FACTS, PERSON_FACTS, zero
from headrace.domain.summary import Summary
from headrace.stream.clean import clean_events, in_windows
from headrace.stream.watermark import with_state_horizon
from tests.stream.logs import HORIZON_MS, RECORDS, write_records
from tests.stream.oracle import Record


def emitted(
    spark: SparkSession,
    folder: Path,
    log: Sequence[Record],
    transform: Callable[[DataFrame], DataFrame],
    mode: str,
    batches: int,
) -> tuple[list[Row], list[dict]]:
    """Rows in the order in which they were emitted, and the progress of each micro-batch."""
    write_records(log, folder / "in", batches)
    records = spark.readStream.schema(RECORDS).option("maxFilesPerTrigger", 1).parquet(str(folder / "in"))
    events = with_state_horizon(in_windows(clean_events(records)), HORIZON_MS)
    return drained(transform(events), mode, folder / "checkpoint")


def drained(stream: DataFrame, mode: str, checkpoint: Path) -> tuple[list[Row], list[dict]]:
    """All that is there, from where the checkpoint ended: rows as they were emitted, and each batch's progress."""
    rows: list[Row] = []
    query = (
        stream.writeStream.outputMode(mode)
        .option("checkpointLocation", str(checkpoint))
        .foreachBatch(lambda batch, _: rows.extend(batch.collect()))
        .trigger(availableNow=True)
        .start()
    )
    query.awaitTermination()
    return rows, list(query.recentProgress)


def facts_in(row: Row) -> list[int]:
    """The facts of a row as domain/facts.py orders them: zero() for what it has not or holds as null."""
    return [
        int(nothing) if name not in row or row[name] is None else row[name]
        for name, nothing in zip(FACTS, zero(), strict=True)
    ]


def summary_in(row: Row) -> Summary:
    """A row of SESSIONS as the law has it."""
    values = {each.name: row[each.name] for each in fields(Summary) if each.name != "totals"}
    lists = {name: tuple(row[name]) for name in ("viewed", "carted", "bought", "skipped", "unwanted")}
    return Summary(**values | lists, totals={name: row[name] for name in PERSON_FACTS})


def batch_events(spark: SparkSession, folder: Path, log: Sequence[Record]) -> DataFrame:
    """The same log as one batch."""
    write_records(log, folder / "in", 1)
    return in_windows(clean_events(spark.read.schema(RECORDS).parquet(str(folder / "in"))))
