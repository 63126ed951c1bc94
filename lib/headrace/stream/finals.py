"""The finals: windows and sessions that can change no more, from the ledger to Delta; sessions on to Cassandra.

They read the ledger and not the topic, so that a repair from the ledger is the same computation on the same rows.
"""

from __future__ import annotations

from typing import Final

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql.streaming.query import StreamingQuery

from headrace.settings import Settings
from headrace.stream.append import append_to_table
from headrace.stream.clean import in_windows
from headrace.stream.patience import next_write_us
from headrace.stream.session_sink import put_sessions
from headrace.stream.sessions import finished_sessions
from headrace.stream.watermark import with_state_horizon
from headrace.stream.windows import final_windows

WINDOWS: Final = "windows-v1"
SESSIONS: Final = "sessions-v1"
SESSION_ROWS: Final = "session-rows-v1"


def start_windows(spark: SparkSession, settings: Settings) -> StreamingQuery:
    world = settings.world
    windows = final_windows(_ledger_events(spark, settings), world.currency, world.state_horizon_ms)
    return append_to_table(windows, settings, WINDOWS, "user_windows", settings.spark.finals_trigger)


def start_sessions(spark: SparkSession, settings: Settings) -> StreamingQuery:
    sessions = finished_sessions(_ledger_events(spark, settings), settings.world.currency)
    return append_to_table(sessions, settings, SESSIONS, "sessions", settings.spark.finals_trigger)


def start_session_rows(spark: SparkSession, settings: Settings) -> StreamingQuery:
    """Delta `sessions` → Cassandra user_sessions: a query of its own, since one query with two sinks can half fail."""
    cassandra, keyspace = settings.cassandra, settings.keyspace

    def write(batch: DataFrame, _batch_id: int) -> None:
        put_sessions(batch, cassandra, keyspace, next_write_us(cassandra, keyspace, SESSION_ROWS))

    return (
        _appended(spark, settings, "sessions")
        .writeStream.queryName("session-rows")
        .option("checkpointLocation", settings.checkpoint(SESSION_ROWS))
        .trigger(processingTime=settings.spark.finals_trigger)
        .foreachBatch(write)
        .start()
    )


def _ledger_events(spark: SparkSession, settings: Settings) -> DataFrame:
    return with_state_horizon(in_windows(_appended(spark, settings, "events")), settings.world.state_horizon_ms)


def _appended(spark: SparkSession, settings: Settings, table: str) -> DataFrame:
    """What is appended to a table; what erasure and compaction change in it later is not new."""
    return spark.readStream.format("delta").option("skipChangeCommits", "true").load(settings.table(table))
