"""The tutorial way, as the peer of the fault bench: each batch collected and added in foreachBatch, without any id.

Increments into Cassandra counters, and a plain append to Delta: what most published pipelines do. It deduplicates as
ours does, reads the same topic and reaches the same points, so that all that differs is what a batch does that runs
again.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Final

from cassandra.auth import PlainTextAuthProvider
from cassandra.cluster import EXEC_PROFILE_DEFAULT, Cluster, ExecutionProfile, Session
from cassandra.concurrent import execute_concurrent_with_args
from cassandra.policies import DCAwareRoundRobinPolicy
from pyspark.sql import DataFrame
from pyspark.sql import functions as F
from pyspark.sql.streaming.query import StreamingQuery

from bench.warm import Warm
from headrace.domain.events import UNKNOWN
from headrace.domain.panes import PANE_MS
from headrace.failpoints import reach
from headrace.settings import Settings
from headrace.stream.clean import clean_events, first_to_arrive, in_windows
from headrace.stream.records import topic_records

COUNTERS: Final = "tutorial-counters"
APPENDS: Final = "tutorial-appends"
TABLE: Final = "tutorial_events"
GRAINS: Final = {"user": "person", "item": "item_id"}

PaneKey = tuple[str, str, int, str]
"""(grain, owner, start of the pane in ms, category)."""

_DDL: Final = (
    "CREATE TABLE IF NOT EXISTS {}.tutorial_panes"
    " (grain text, owner text, pane bigint, category text, n counter, PRIMARY KEY ((grain, owner), pane, category))"
)


def counters_life(warm: Warm, settings: Settings) -> None:
    """Events per person, item, pane and category, added to counters, until everything there is is read."""
    with _session(settings) as session:
        session.execute(_DDL.format(settings.keyspace))
        add = session.prepare(
            f"UPDATE {settings.keyspace}.tutorial_panes SET n = n + ?"
            " WHERE grain = ? AND owner = ? AND pane = ? AND category = ?"
        )

        def write(batch: DataFrame, _batch_id: int) -> None:
            reach("hot.before_write")
            batch.persist()
            for grain, owner in GRAINS.items():
                rows = [
                    (row["count"], grain, row["owner"], row["pane"], row["shelf"])
                    for row in _counts(batch, owner).collect()
                ]
                for begin in range(0, len(rows), 20):
                    reach("sink.before_put")
                    execute_concurrent_with_args(session, add, rows[begin : begin + 20], raise_on_first_error=True)
                    reach("sink.after_put")
                reach(f"panes.after_{grain}s")
            batch.unpersist()
            reach("hot.after_write")

        events = first_to_arrive(in_windows(clean_events(topic_records(warm.spark, settings, "events.clean"))))
        drain(
            events.writeStream.option("checkpointLocation", settings.checkpoint(COUNTERS))
            .trigger(processingTime="50 milliseconds")
            .foreachBatch(write)
            .start()
        )


def appends_life(warm: Warm, settings: Settings, after_s: float | None = None) -> bool:
    """Every event appended to a Delta table; whether it was stopped, after `after_s`, before it had read everything."""
    path = settings.table(TABLE)

    def write(batch: DataFrame, _batch_id: int) -> None:
        batch.select("src", "person", "event_id", "occurred_at", "late").write.format("delta").mode("append").save(path)

    events = clean_events(topic_records(warm.spark, settings, "events.clean"))
    return drain(
        events.writeStream.option("checkpointLocation", settings.checkpoint(APPENDS))
        .trigger(processingTime="50 milliseconds")
        .foreachBatch(write)
        .start(),
        after_s,
    )


def read_counters(settings: Settings, owners: Mapping[str, set[str]]) -> dict[PaneKey, list[int]]:
    """What the counters of these owners (by grain) hold."""
    with _session(settings) as session:
        select = session.prepare(
            f"SELECT pane, category, n FROM {settings.keyspace}.tutorial_panes WHERE grain = ? AND owner = ?"
        )
        return {
            (grain, owner, row.pane, row.category): [row.n]
            for grain, names in owners.items()
            for owner in names
            for row in session.execute(select, (grain, owner))
        }


def drain(query: StreamingQuery, after_s: float | None = None) -> bool:
    """Wait until the query has read all there is and stop it; with `after_s`, stop it then. Whether that was before."""
    stop: Callable[[], None] = query.stop
    timer = threading.Timer(1e6 if after_s is None else after_s, stop)
    timer.daemon = True
    timer.start()
    try:
        query.processAllAvailable()
    finally:
        early = not timer.is_alive()
        timer.cancel()
        query.stop()
    return early


def _counts(events: DataFrame, owner: str) -> DataFrame:
    pane = F.col("occurred_at") - F.pmod("occurred_at", F.lit(PANE_MS))
    shelf = F.coalesce("category", F.lit(UNKNOWN))
    return (
        events.where(F.col(owner).isNotNull())
        .groupBy(F.col(owner).alias("owner"), pane.alias("pane"), shelf.alias("shelf"))
        .count()
    )


@contextmanager
def _session(settings: Settings) -> Iterator[Session]:
    cassandra = settings.cassandra
    cluster = Cluster(
        contact_points=list(cassandra.hosts),
        port=cassandra.port,
        auth_provider=PlainTextAuthProvider(cassandra.user, cassandra.password.get_secret_value()),
        execution_profiles={
            EXEC_PROFILE_DEFAULT: ExecutionProfile(
                load_balancing_policy=DCAwareRoundRobinPolicy(cassandra.datacenter), request_timeout=30
            )
        },
        protocol_version=5,
        connect_timeout=30,
    )
    try:
        yield cluster.connect()
    finally:
        cluster.shutdown()
