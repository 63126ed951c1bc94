"""The ledger as training reads it: one pinned version, one row per event. Reads Delta; decides nothing about models."""

from __future__ import annotations

from dataclasses import dataclass

from delta.tables import DeltaTable
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from headrace.errors import BadInput
from headrace.learn.weights import weight_milli

WANTED = (
    "person",
    "event_id",
    "occurred_at",
    "received_at",
    "kind",
    "item_id",
    "value_milli",
    "category",
    "lat",
    "lon",
    "tz_offset_min",
)
ORDER = ("raw_generation", "clean_partition", "clean_offset")
"""The order of events.clean within one person, who always has one partition."""


@dataclass(frozen=True, slots=True)
class Pin:
    """Which state of the ledger: a Delta version, and optionally only what was received before `interval_end_ms`."""

    version: int
    interval_end_ms: int | None


def pin(
    spark: SparkSession, ledger: str, version: int | None, as_of_ms: int | None, interval_end_ms: int | None
) -> Pin:
    """Fix the version now: the given one, the newest at `as_of_ms`, else the newest.

    Raises BadInput where there is no ledger, or no such version of it.
    """
    if not DeltaTable.isDeltaTable(spark, ledger):
        raise BadInput(f"nothing to train on: there is no ledger at {ledger}; send events first, then train again")
    history = DeltaTable.forPath(spark, ledger).history().select("version", "timestamp")
    if version is not None:
        chosen = history.where(F.col("version") == version)
        asked = f"version {version}"
    elif as_of_ms is not None:
        chosen = history.where(F.unix_millis("timestamp") <= as_of_ms)
        asked = f"version as old as {as_of_ms} ms"
    else:
        chosen = history
        asked = "version"
    newest = chosen.agg(F.max("version")).first()
    if newest is None or newest[0] is None:
        raise BadInput(f"the ledger at {ledger} has no {asked}; DESCRIBE HISTORY delta.`{ledger}` lists what there is")
    return Pin(int(newest[0]), interval_end_ms)


def read_history(spark: SparkSession, ledger: str, pinned: Pin) -> DataFrame:
    """Rows of the pinned ledger, late ones and redelivered ones too."""
    rows = spark.read.format("delta").option("versionAsOf", pinned.version).load(ledger)
    if pinned.interval_end_ms is not None:
        rows = rows.where(F.col("received_at") < pinned.interval_end_ms)
    return rows.select(*WANTED, *ORDER)


def one_row_per_event(rows: DataFrame) -> DataFrame:
    """Deduplicated by (person, event_id, occurred_at): the first in events.clean order counts. Columns WANTED."""
    rest = [name for name in WANTED if name not in ("person", "event_id", "occurred_at")]
    first = F.min_by(F.struct(*rest), F.struct(*ORDER)).alias("first")
    return (
        rows.groupBy("person", "event_id", "occurred_at")
        .agg(first)
        .select("person", "event_id", "occurred_at", *(F.col(f"first.{name}").alias(name) for name in rest))
        .select(*WANTED)
    )


def weighed(events: DataFrame) -> DataFrame:
    """WANTED and `weight_milli`, what each event says for or against its item."""
    return events.select(*WANTED, weight_milli(F.col("kind"), F.col("value_milli")).alias("weight_milli"))
