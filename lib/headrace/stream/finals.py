"""The finals: windows and sessions that can change no more, from the ledger to Delta; sessions on to Cassandra.

They read the ledger and not the topic, so that a repair from the ledger is the same computation on the same rows.
"""

from __future__ import annotations

import datetime as dt
import logging
from typing import Final

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F
from pyspark.sql.streaming.query import StreamingQuery

from headrace.failpoints import reach
from headrace.settings import Settings
from headrace.stream.append import append_to_table
from headrace.stream.checkpoint import has_begun
from headrace.stream.clean import in_windows
from headrace.stream.patience import next_write_us
from headrace.stream.session_sink import put_sessions
from headrace.stream.sessions import finished_sessions
from headrace.stream.watermark import with_state_horizon
from headrace.stream.windows import final_windows

WINDOWS: Final = "windows-v3"
SESSIONS: Final = "sessions-v2"
SESSION_ROWS: Final = "session-rows-v2"

log = logging.getLogger(__name__)


def start_windows(spark: SparkSession, settings: Settings) -> StreamingQuery:
    world = settings.world
    warn_of_rebuild(spark, settings, WINDOWS)
    windows = final_windows(_ledger_events(spark, settings), world.currency, world.state_horizon_ms)
    return append_to_table(windows, settings, WINDOWS, "user_windows", settings.spark.finals_trigger)


def start_sessions(spark: SparkSession, settings: Settings) -> StreamingQuery:
    warn_of_rebuild(spark, settings, SESSIONS)
    sessions = finished_sessions(_ledger_events(spark, settings), settings.world.currency)
    return append_to_table(sessions, settings, SESSIONS, "sessions", settings.spark.finals_trigger)


def start_session_rows(spark: SparkSession, settings: Settings) -> StreamingQuery:
    """Delta `sessions` → Cassandra user_sessions: a query of its own, since one query with two sinks can half fail."""
    cassandra, keyspace = settings.cassandra, settings.keyspace

    def write(batch: DataFrame, _batch_id: int) -> None:
        reach("session_rows.before_write")
        # A writer is a Python program of 100 MB; after an outage a batch has files of a hundred days.
        few = batch.coalesce(settings.spark.shuffle_partitions)
        put_sessions(few, cassandra, keyspace, next_write_us(cassandra, keyspace, SESSION_ROWS))
        reach("session_rows.after_write")

    return (
        _appended(spark, settings, "sessions")
        .writeStream.queryName("session-rows")
        .option("checkpointLocation", settings.checkpoint(SESSION_ROWS))
        .trigger(processingTime=settings.spark.finals_trigger)
        .foreachBatch(write)
        .start()
    )


def rebuild_warning(query: str, oldest_ms: int, newest_ms: int, state_horizon_ms: int) -> str | None:
    """What a query that begins on a ledger from `oldest_ms` to `newest_ms` may leave out; None where nothing.

    Files of a ledger that is there already come in any order, and compaction puts old and new rows into one: what is
    further than the horizon behind the newest row read so far is dropped. The law of it is docs/adr/0007.
    """
    horizon_ms = newest_ms - state_horizon_ms
    if oldest_ms >= horizon_ms:
        return None
    oldest, horizon = (
        f"{dt.datetime.fromtimestamp(ms / 1000, dt.UTC):%Y-%m-%d %H:%M}" for ms in (oldest_ms, horizon_ms)
    )
    return (
        f"{query} begins anew on a ledger that is not: whatever occurred between {oldest} and {horizon} UTC may be "
        "missing from its results, in part and without another word; to have them whole, `headrace backfill` these "
        "hours when it has caught up (docs/adr/0007)"
    )


def warn_of_rebuild(spark: SparkSession, settings: Settings, query: str) -> None:
    """Log `rebuild_warning` where the query has no checkpoint yet and the ledger is longer than the horizon."""
    if has_begun(spark, settings.checkpoint(query)):
        return
    ledger = in_windows(spark.read.format("delta").load(settings.table("events")))
    ((oldest_ms, newest_ms),) = ledger.agg(F.min("occurred_at"), F.max("occurred_at")).collect()
    if newest_ms is not None:
        warning = rebuild_warning(query, oldest_ms, newest_ms, settings.world.state_horizon_ms)
        if warning is not None:
            log.warning(warning)


def _ledger_events(spark: SparkSession, settings: Settings) -> DataFrame:
    return with_state_horizon(in_windows(_appended(spark, settings, "events")), settings.world.state_horizon_ms)


def _appended(spark: SparkSession, settings: Settings, table: str) -> DataFrame:
    """What is appended to a table; what erasure and compaction change in it later is not new."""
    return spark.readStream.format("delta").option("skipChangeCommits", "true").load(settings.table(table))
