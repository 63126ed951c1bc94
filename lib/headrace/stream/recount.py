"""The ledger in, what the stream should have made of some hours out: the stream's own transforms, in one batch.

Which rows belong to the hours [from, to):
    panes     those that start in them
    windows   every window that holds a moment of them and is settled; a later one is still the stream's
    sessions  every one that has a moment in them and is settled, with whatever it overlaps (session_islands.py)
    counts    those hours of append of which every event that counts occurred in them

So the ledger is read around the hours as far as such a row reaches. Rows of one deduplication key have one occurred_at:
no cut by occurred_at can part them.
"""

from __future__ import annotations

import datetime as dt
from typing import Final

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from headrace.domain.facts import COUNTS, FACTS, zero
from headrace.domain.panes import DAY_MS, HOUR_MS, PANE_MS
from headrace.settings import World
from headrace.stream.clean import first_of_order, in_windows
from headrace.stream.hour_sample import sampled
from headrace.stream.panes import PARTITION, panes
from headrace.stream.schemas import EVENTS
from headrace.stream.sessions import finished_sessions
from headrace.stream.settled import Hours
from headrace.stream.windows import final_windows

COUNT_COLUMNS: Final = ("owner", "pane_ms", "counted")
"""owner is '<generation>:<raw partition>', pane_ms the hour of append, as for PANE_COLUMNS of grain partition."""

_REST: Final = tuple(name for name in EVENTS.names if name not in ("person", "event_id", "occurred_at"))


def events_between(ledger: DataFrame, from_ms: int, to_ms: int) -> DataFrame:
    """Rows of the ledger that occurred in [from_ms, to_ms) and are not late; duplicates too."""
    occurred = f"occurred_at >= {from_ms} AND occurred_at < {to_ms}"
    return in_windows(ledger.where(f"{on_dates(from_ms, to_ms)} AND {occurred}"))


def on_dates(from_ms: int, to_ms: int) -> str:
    """SQL: the partitions (event_date) with a moment of [from_ms, to_ms).

    >>> on_dates(0, 86_400_001)
    "event_date >= DATE'1970-01-01' AND event_date <= DATE'1970-01-02'"
    """
    # Not BETWEEN: Delta fails on it in a replaceWhere.
    first, last = (dt.datetime.fromtimestamp(ms / 1000, dt.UTC).date() for ms in (from_ms, to_ms - 1))
    return f"event_date >= DATE'{first}' AND event_date <= DATE'{last}'"


def recounted_panes(ledger: DataFrame, hours: Hours, world: World) -> DataFrame:
    """PANE_COLUMNS of every grain but partition, of each hour the sample: an extreme of nothing is null, any other fact
    is not."""
    events = events_between(ledger, hours.from_ms, hours.to_ms)
    totals = panes(first_of_order(events, _REST), world.currency)
    sums = {name: F.coalesce(name, F.lit(0)) for name, nothing in zip(FACTS, zero(), strict=True) if nothing == 0}
    return sampled(totals.where(F.col("grain") != PARTITION)).withColumns(sums)


def readable_since(ledger: DataFrame, hours: Hours) -> DataFrame:
    """`hour` and `since_ms`: when the first event that occurred in it could be counted, by the broker's clock.

    A store that keeps what it was given for a while has all of the hour until that long after it.
    """
    events = events_between(ledger, hours.from_ms, hours.to_ms)
    return events.groupBy(hour_of("occurred_at").alias("hour")).agg(F.min("clean_ms").alias("since_ms"))


def recounted_windows(ledger: DataFrame, hours: Hours, world: World) -> DataFrame:
    """Rows of USER_WINDOWS for which `windows_in` is true."""
    # No window is longer than a day; a local one may end within a pane, and has all of it.
    events = events_between(ledger, hours.from_ms - DAY_MS, hours.to_ms + DAY_MS + PANE_MS)
    return final_windows(events, world.currency, world.state_horizon_ms).where(windows_in(hours))


def windows_in(hours: Hours) -> str:
    """SQL: whether a row of USER_WINDOWS holds a moment of the hours and is settled. Names the partitions."""
    touches = f"window_start < {hours.to_ms} AND window_end > {hours.from_ms}"
    return f"{on_dates(hours.from_ms - DAY_MS, hours.to_ms)} AND {touches} AND window_end <= {hours.settled_ms}"


def recounted_sessions(ledger: DataFrame, from_ms: int, to_ms: int, world: World) -> DataFrame:
    """Rows of SESSIONS out of what occurred in [from_ms, to_ms): those at its edges may be cut short."""
    return finished_sessions(events_between(ledger, from_ms, to_ms), world.currency)


def recounted_counts(ledger: DataFrame, hours: Hours, world: World) -> DataFrame:
    """COUNT_COLUMNS of the hours of append that lie wholly in the hours: their count is the sum of panes in them.

    Of any other, a part was counted outside: its count is not touched, and stays a fault of `headrace account` where
    it is one, until hours that hold all of it are rebuilt.
    """
    events = events_between(ledger, hours.from_ms, hours.to_ms)
    ((oldest_ms, newest_ms),) = events.agg(F.min("src_ms"), F.max("src_ms")).collect()
    begin, end = (oldest_ms or 0) // HOUR_MS * HOUR_MS, ((newest_ms or 0) // HOUR_MS + 1) * HOUR_MS
    appended = in_windows(ledger.where((F.col("src_ms") >= begin) & (F.col("src_ms") < end)))
    key = (F.concat_ws(":", "raw_generation", "raw_partition").alias("owner"), hour_of("src_ms").alias("pane_ms"))
    inside = (F.col("occurred_at") >= hours.from_ms) & (F.col("occurred_at") < hours.to_ms)
    whole = appended.groupBy(*key).agg(F.bool_and(inside).alias("whole")).where("whole")
    totals = panes(first_of_order(events, _REST), world.currency)
    counts = totals.where(F.col("grain") == PARTITION).withColumn("counted", sum_of(COUNTS))
    return counts.join(whole, ["owner", "pane_ms"], how="left_semi").select(*COUNT_COLUMNS)


def sum_of(names: tuple[str, ...]) -> Column:
    """The sum of columns that are never null."""
    return F.expr(" + ".join(f"`{name}`" for name in names))


def hour_of(column: str) -> Column:
    """The start of the UTC hour that holds a column's moment."""
    return F.col(column) - F.pmod(column, F.lit(HOUR_MS))
