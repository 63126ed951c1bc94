"""The standing comparison of the stream with a recount from the ledger; and the recount put in the stream's place.

One comparison serves both: parity reports it, a backfill then replaces what differs. What is equal is left as it is, so
that a second backfill changes nothing. docs/adr/0011 has the rules.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from headrace.domain.events import SESSION_GAP_MS
from headrace.domain.facts import FACTS
from headrace.domain.panes import HOUR_MS
from headrace.settings import Settings
from headrace.stores import blocking
from headrace.stream.checkpoint import is_shared
from headrace.stream.differences import Comparison, compared, differs, recounted_rows, side_by_side
from headrace.stream.held import COUNT_ROWS, PANE_KEY, PANE_ROWS, Held
from headrace.stream.lease import HeldLease, hold_lease
from headrace.stream.recount import (
    hour_of,
    on_dates,
    readable_since,
    recounted_counts,
    recounted_panes,
    recounted_sessions,
    recounted_windows,
    windows_in,
)
from headrace.stream.replace import replace_rows
from headrace.stream.schemas import SESSIONS, USER_WINDOWS
from headrace.stream.session_islands import RECOUNT, SESSION_KEY, STREAM, islands
from headrace.stream.settled import Hours
from headrace.stream.tables import create_tables

WINDOW_KEY: Final = tuple(name for name in USER_WINDOWS.names if name not in ("event_date", *FACTS))
WRITER: Final = "backfill"
NO_CHECKPOINT: Final = "none"
FIRST_REACH_MS: Final = 6 * HOUR_MS  # hardly any session is longer; where one is, four times as much is read


@dataclass(frozen=True, slots=True)
class Recount:
    """What is compared: the ledger against the stream's tables and stores, of closed hours. `now_ms` is the wall's."""

    spark: SparkSession
    settings: Settings
    held: Held
    hours: Hours
    now_ms: int

    @property
    def ledger(self) -> DataFrame:
        return self.table("events")

    def table(self, name: str) -> DataFrame:
        return self.spark.read.format("delta").load(self.settings.table(name))


def parity(recount: Recount) -> Iterator[Comparison]:
    """Stream against recount, fact by fact; nothing is changed."""
    return _compare_all(recount, None)


def backfill(recount: Recount, may_write: Callable[[], None]) -> Iterator[Comparison]:
    """Stream against recount, as it was before what differs was replaced. Each table is done when it is yielded.

    `may_write` is asked before each: what it raises ends it, with the tables so far done and the others as they were.
    """
    return _compare_all(recount, may_write)


@contextmanager
def the_only_one(settings: Settings, now_ms: Callable[[], int]) -> Iterator[HeldLease]:
    """No other backfill of this world while the block runs. Raises LeaseHeld where there is one."""
    leases = blocking.stores(settings.cassandra, settings.keyspace).leases
    shared = is_shared(settings.table("events"))
    with hold_lease(leases, settings.world_dir / "run", WRITER, NO_CHECKPOINT, now_ms, shared) as lease:
        yield lease


def _compare_all(recount: Recount, may_write: Callable[[], None] | None) -> Iterator[Comparison]:
    settings = recount.settings
    create_tables(recount.spark, {name: settings.table(name) for name in ("user_windows", "sessions")})
    for judge in (_panes, _counts, _windows, _sessions):
        yield judge(recount, may_write)


def _panes(recount: Recount, may_write: Callable[[], None] | None) -> Comparison:
    """Entries that the store may have dropped by age are judged only where they are still there.

    Of a sample others may be seen in their place then, so what the recount has not is not judged either.
    """
    ledger, hours, held = recount.ledger, recount.hours, recount.held
    rows = side_by_side(held.panes(hours), recounted_panes(ledger, hours, recount.settings.world), PANE_KEY)
    kept_from_ms = recount.now_ms - recount.settings.panes.ttl_s * 1000 + HOUR_MS  # this may take a while, too
    dated = rows.withColumn("hour", hour_of("pane_ms")).join(
        F.broadcast(readable_since(ledger, hours)), "hour", how="left"
    )
    is_aged = F.coalesce(F.col("since_ms") < kept_from_ms, F.lit(False))  # null: no event of that hour is known
    has_gone = is_aged & (F.col("stream").isNull() | F.col("recount").isNull())
    rows = dated.withColumn("has_gone", has_gone).persist()
    try:
        judged = rows.where("NOT has_gone")
        comparison = compared(judged, "panes", PANE_KEY, rows.where("has_gone").count())
        if may_write and comparison.differing:
            may_write()
            differing = judged.where(differs())
            held.put_panes(recounted_rows(differing, PANE_ROWS))
            held.remove_panes(differing.where("recount IS NULL"))
        return comparison
    finally:
        rows.unpersist()


def _counts(recount: Recount, may_write: Callable[[], None] | None) -> Comparison:
    """How many events of each hour of append were counted; only of hours that the recount has whole."""
    held, key = recount.held, ("owner", "pane_ms")
    counted = recounted_counts(recount.ledger, recount.hours, recount.settings.world).persist()
    held_rows = held.counts(counted.select("owner").distinct())
    rows = side_by_side(held_rows.join(counted, list(key), how="left_semi"), counted, key).persist()
    try:
        comparison = compared(rows, "counts", key)
        if may_write and comparison.differing:
            may_write()
            held.put_counts(recounted_rows(rows.where(differs()), COUNT_ROWS))
        return comparison
    finally:
        rows.unpersist()
        counted.unpersist()


def _windows(recount: Recount, may_write: Callable[[], None] | None) -> Comparison:
    which = windows_in(recount.hours)
    recounted = recounted_windows(recount.ledger, recount.hours, recount.settings.world)
    rows = side_by_side(recount.table("user_windows").where(which), recounted, WINDOW_KEY).persist()
    try:
        comparison = compared(rows, "user_windows", WINDOW_KEY)
        if may_write and comparison.differing:
            may_write()
            path = recount.settings.table("user_windows")
            differing = rows.where(differs())
            replace_rows(
                recount.spark, path, which, differing.select(*WINDOW_KEY), recounted_rows(differing, USER_WINDOWS)
            )
        return comparison
    finally:
        rows.unpersist()


def _sessions(recount: Recount, may_write: Callable[[], None] | None) -> Comparison:
    """Cassandra first: while Delta still differs, a backfill that was killed in between is done again."""
    both = _session_islands(recount)
    try:
        settled = both.where("settled").drop("settled", "cut")
        stream, recounted = (settled.where(F.col("side") == side).drop("side") for side in (STREAM, RECOUNT))
        rows = side_by_side(stream, recounted, SESSION_KEY)
        comparison = compared(rows, "sessions", SESSION_KEY, both.where("NOT settled").count())
        if may_write and comparison.differing:
            may_write()
            _replace_sessions(recount, rows.where(differs()))
        return comparison
    finally:
        both.unpersist()


def _session_islands(recount: Recount) -> DataFrame:
    """`islands` of the hours, persisted, none of them cut: the ledger is read as far around as the longest reaches."""
    hours, ledger, world = recount.hours, recount.ledger, recount.settings.world
    reach = FIRST_REACH_MS
    while True:
        begin, end = max(0, hours.from_ms - reach), min(hours.to_ms + reach, hours.settled_ms + SESSION_GAP_MS)
        overlaps = f"started_ms < {end} AND ended_ms >= {begin}"
        stream = recount.table("sessions").where(overlaps)
        recounted = recounted_sessions(ledger, begin, end, world)
        both = islands(stream, recounted, hours, begin, end).persist()
        if begin == 0 or both.where("cut").isEmpty():
            return both
        both.unpersist()
        reach *= 4


def _replace_sessions(recount: Recount, differing: DataFrame) -> None:
    held, ended_by = recount.held, recount.hours.settled_ms - SESSION_GAP_MS
    sessions = recounted_rows(differing, SESSIONS)
    held.put_sessions(sessions)
    held.remove_sessions(differing.where("recount IS NULL"))
    ((first_ms, last_ms),) = differing.agg(F.min("started_ms"), F.max("started_ms")).collect()
    span = f"started_ms >= {first_ms} AND started_ms <= {last_ms} AND ended_ms <= {ended_by}"
    which = f"{on_dates(first_ms, last_ms + 1)} AND {span}"
    replace_rows(recount.spark, recount.settings.table("sessions"), which, differing.select(*SESSION_KEY), sessions)
