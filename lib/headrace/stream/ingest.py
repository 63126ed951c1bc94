"""events.raw in, events.clean and events.rejected out: one Real-Time Mode query. Which is which is validate.py."""

from __future__ import annotations

from typing import Final, cast

from pyspark.sql import Column, DataFrame, SparkSession
from pyspark.sql import functions as F
from pyspark.sql.streaming.query import StreamingQuery

from headrace.settings import Settings, World
from headrace.stream.progress import INGEST, figures, progress_file, write_progress
from headrace.stream.validate import with_verdict

OUTPUT: Final = ("topic", "key", "value", "headers")
"""The columns that go to Kafka, each row a record."""

# A raw record may be as large as the broker takes (1 MiB), and goes to events.rejected whole with its headers.
# A producer that could not send it would fail the query at this record again and again.
MAX_REQUEST_BYTES: Final = 2_097_152

LINGER_MS: Final = 3
"""A request per record would cost the broker and every reader of events.clean more than the records themselves."""


def records_out(records: DataFrame, world: World, clean_topic: str, rejected_topic: str) -> DataFrame:
    """Kafka's columns of events.raw as OUTPUT: each record in gives exactly one record out, to one of two topics.

    To clean: key person, value the event, headers src and src_ms. To rejected: key src, value the bytes as they came
    (none without consent), headers src, src_ms, reason and detail.
    """
    src = F.concat_ws(":", F.lit(world.generation), "partition", "offset")
    judged = records.select(
        "value", src.alias("src"), F.unix_millis("timestamp").alias("record_ms"), "partition", "offset"
    ).transform(with_verdict, trust_received_at=world.trust_received_at, allowed_lateness_ms=world.allowed_lateness_ms)
    is_event = F.isnull("reason")
    bytes_kept = F.when(F.col("reason") == "no_consent", F.lit(b"")).otherwise(F.coalesce("value", F.lit(b"")))
    origin = [_header("src", F.col("src")), _header("src_ms", F.col("record_ms").cast("string"))]
    fault = [_header("reason", F.col("reason")), _header("detail", F.col("detail"))]
    return judged.select(
        F.when(is_event, F.lit(clean_topic)).otherwise(F.lit(rejected_topic)).alias("topic"),
        F.encode(F.coalesce("person", "src"), "utf-8").alias("key"),
        F.when(is_event, F.encode("clean", "utf-8")).otherwise(bytes_kept).alias("value"),
        F.when(is_event, F.array(*origin)).otherwise(F.array(*origin, *fault)).alias("headers"),
    )


def _header(name: str, text: Column) -> Column:
    return F.struct(F.lit(name).alias("key"), F.encode(text, "utf-8").alias("value"))


def start_ingest(spark: SparkSession, settings: Settings) -> StreamingQuery:
    """Start the query; its checkpoint decides where it goes on, and without one it starts at the oldest record."""
    kafka = {"kafka.bootstrap.servers": settings.kafka.bootstrap}
    records = (
        spark.readStream.format("kafka")
        .options(**kafka, subscribe=settings.topic("events.raw"), startingOffsets="earliest", failOnDataLoss="true")
        .load()
    )
    out = records_out(records, settings.world, settings.topic("events.clean"), settings.topic("events.rejected"))
    writer = (
        out.writeStream.format("kafka")
        .options(**kafka, **{"kafka.acks": "all", "kafka.max.request.size": str(MAX_REQUEST_BYTES)})
        .option("kafka.linger.ms", LINGER_MS)
        .queryName(INGEST)
        .option("checkpointLocation", settings.checkpoint(INGEST))
        .outputMode("update")
    )
    real_time = writer.trigger(realTime=settings.spark.ingest_batch)  # type: ignore[call-overload]  # absent from 4.2's stubs
    return cast(StreamingQuery, real_time.start())


def report_progress(settings: Settings, query: StreamingQuery) -> None:
    """Write down how far the last finished batch has read events.raw.

    Before its first batch the query has said nothing, and what an earlier one said may be of another checkpoint.
    """
    progress = query.lastProgress
    if progress is None:
        progress_file(settings, "ingest").unlink(missing_ok=True)
        return
    write_progress(settings, "ingest", {INGEST: {**figures(progress), "generation": settings.world.generation}})
