"""The hot query: events.clean → panes per person and item, and counts per raw partition, in Cassandra.

Absolute totals under a growing write timestamp: a batch that runs twice writes the same values again.
"""

from __future__ import annotations

from typing import Final

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql.streaming.query import StreamingQuery

from headrace.settings import Settings
from headrace.stream.clean import clean_events, first_to_arrive, in_windows
from headrace.stream.pane_sink import put_totals
from headrace.stream.panes import panes
from headrace.stream.patience import next_write_us
from headrace.stream.records import topic_records
from headrace.stream.watermark import with_state_horizon

HOT: Final = "hot-v2"
"""Name of its checkpoint and of its writer: another version means another state."""


def start_hot(spark: SparkSession, settings: Settings) -> StreamingQuery:
    world, cassandra, keyspace = settings.world, settings.cassandra, settings.keyspace
    records = topic_records(spark, settings, "events.clean")
    events = with_state_horizon(in_windows(clean_events(records)), world.state_horizon_ms)
    totals = panes(first_to_arrive(events), world.currency, world.state_horizon_ms)

    def write(batch: DataFrame, _batch_id: int) -> None:
        put_totals(batch, cassandra, keyspace, next_write_us(cassandra, keyspace, HOT))

    return (
        totals.writeStream.queryName("hot")
        .outputMode("update")
        .option("checkpointLocation", settings.checkpoint(HOT))
        .trigger(processingTime=settings.spark.hot_trigger)
        .foreachBatch(write)
        .start()
    )
