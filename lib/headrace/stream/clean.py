"""Records of events.clean in, typed events out; and which of them count. DataFrame in, DataFrame out, no reads.

`from_json` enforces nothing, which is safe here: ingest wrote these values and guarantees their types.
"""

from __future__ import annotations

from functools import reduce
from operator import and_

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from headrace.domain.panes import DAY_MS
from headrace.stream.schemas import CLEAN, EVENTS


def clean_events(records: DataFrame) -> DataFrame:
    """Kafka records of events.clean (with headers) as rows of EVENTS.

    A record without its src headers or its key fields was not written by ingest and is left out.
    """
    parsed = records.select(_parsed_once(), "partition", "offset", "timestamp")
    source = parsed.select(
        "event.*",
        "src",
        "src_ms",
        F.col("partition").cast("long").alias("clean_partition"),
        F.col("offset").alias("clean_offset"),
        F.unix_millis("timestamp").alias("clean_ms"),
    )
    typed = source.select(
        "*",
        utc_date(F.col("occurred_at")).alias("event_date"),
        F.col("place.lat").alias("lat"),
        F.col("place.lon").alias("lon"),
        *src_parts(F.col("src")),
    )
    is_event = F.col("person").isNotNull() & F.col("occurred_at").isNotNull()
    return typed.where(is_from_ingest() & is_event).select(*EVENTS.names)


def _parsed_once() -> Column:
    """event, src and src_ms of a record.

    Generated, since Spark pushes conditions on columns that are merely computed down to their source and computes them
    there again: each event's JSON was parsed five times.
    """
    event = F.from_json(F.col("value").cast("string"), CLEAN)
    src, src_ms = header("src"), header("src_ms").try_cast("long")
    return F.inline(F.array(F.struct(event.alias("event"), src.alias("src"), src_ms.alias("src_ms"))))


def header(name: str) -> Column:
    """The text of the newest Kafka header of this name; null without one."""
    named = F.filter("headers", lambda entry: entry["key"] == name)
    return F.try_element_at(named, F.lit(-1))["value"].cast("string")


def src_parts(src: Column) -> tuple[Column, Column, Column]:
    """generation:partition:offset as three integers; null where it is not that."""
    parts = F.split(src, ":")
    names = ("raw_generation", "raw_partition", "raw_offset")
    generation, partition, offset = (
        F.try_element_at(parts, F.lit(place)).try_cast("long").alias(name) for place, name in enumerate(names, start=1)
    )
    return generation, partition, offset


def is_from_ingest() -> Column:
    """Whether src_ms and all `src_parts` are there; ingest wrote no other record."""
    parts = ("raw_generation", "raw_partition", "raw_offset", "src_ms")
    return reduce(and_, (F.col(name).isNotNull() for name in parts))


def utc_date(ms: Column) -> Column:
    """The UTC date of a moment."""
    return F.date_from_unix_date(F.floor(ms / F.lit(DAY_MS)).cast("int"))


def in_windows(events: DataFrame) -> DataFrame:
    """Events that count in windows: not late by the law on the event. Adds `occurred`, the timestamp to watermark."""
    return events.where(~F.col("late")).withColumn("occurred", F.timestamp_millis("occurred_at"))


def first_to_arrive(events: DataFrame) -> DataFrame:
    """Each event once, as soon as it arrives: for update mode.

    The first of events.clean order, since a person is one Kafka partition and one task reads it in offset order.
    Where `occurred` has a watermark, state ends at it, and a copy from behind it is dropped before it gets here.
    """
    return events.dropDuplicates(["person", "event_id", "occurred"])


def first_of_order(events: DataFrame, columns: tuple[str, ...]) -> DataFrame:
    """person, event_id, occurred, occurred_at and `columns` of each event's first row in events.clean order.

    Whatever order the rows come in. For a batch, or for append mode with a watermark on `occurred`: a row comes out
    when no earlier copy can come any more.
    """
    first = F.min_by(F.struct("occurred_at", *columns), F.struct("clean_partition", "clean_offset"))
    firsts = events.groupBy("person", "event_id", "occurred").agg(first.alias("first"))
    return firsts.select("person", "event_id", "occurred", "first.*")
