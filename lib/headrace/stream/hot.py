"""The hot query: events.clean → panes per person and item, and counts per raw partition, in Cassandra.

Absolute totals under a growing write timestamp: a batch that runs twice writes the same values again.
When it runs and when it sweeps: sweeping.py.
"""

from __future__ import annotations

from typing import Final

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F
from pyspark.sql.streaming.query import StreamingQuery
from pyspark.sql.streaming.readwriter import DataStreamWriter

from headrace.failpoints import reach
from headrace.settings import Settings, World
from headrace.stream.clean import clean_events, first_to_arrive, in_windows
from headrace.stream.pane_sink import put_totals
from headrace.stream.panes import panes
from headrace.stream.patience import next_write_us
from headrace.stream.records import topic_records
from headrace.stream.watermark import with_state_horizon

HOT: Final = "hot-v3"
"""Name of its checkpoint and of its writer: another version means another state."""


def hot_totals(records: DataFrame, world: World, swept_ms: int, sweeps: bool) -> DataFrame:
    """Records of events.clean as PANE_COLUMNS, each event once.

    `swept_ms`: state of what occurred up to then is gone, so an event from there would count again: it is left out.
    `sweeps`: state behind the world's horizon ends. The state is the same either way.
    """
    events = in_windows(clean_events(records)).where(F.col("occurred_at") > swept_ms)
    if not sweeps:
        return panes(first_to_arrive(events), world.currency)
    timed = with_state_horizon(events, world.state_horizon_ms)
    return panes(first_to_arrive(timed), world.currency, world.state_horizon_ms)


def start_hot(spark: SparkSession, settings: Settings, swept_ms: int) -> StreamingQuery:
    """Start counting; it never ends by itself."""
    return _writer(spark, settings, swept_ms, False).trigger(processingTime=settings.spark.hot_trigger).start()


def start_sweep(spark: SparkSession, settings: Settings, swept_ms: int) -> StreamingQuery:
    """Start counting what is there now and ending the state behind the horizon; it ends when that is done."""
    return _writer(spark, settings, swept_ms, True).trigger(availableNow=True).start()


def _writer(spark: SparkSession, settings: Settings, swept_ms: int, sweeps: bool) -> DataStreamWriter:
    cassandra, keyspace = settings.cassandra, settings.keyspace
    totals = hot_totals(topic_records(spark, settings, "events.clean"), settings.world, swept_ms, sweeps)

    def write(batch: DataFrame, _batch_id: int) -> None:
        reach("hot.before_write")
        put_totals(batch, cassandra, keyspace, next_write_us(cassandra, keyspace, HOT))
        reach("hot.after_write")

    return (
        totals.writeStream.queryName("hot")
        .outputMode("update")
        .option("checkpointLocation", settings.checkpoint(HOT))
        .foreachBatch(write)
    )
