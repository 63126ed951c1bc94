"""Events in, final windows of each person and category out: 5 minutes, 1 hour every 5, 1 day. No reads, no writes."""

from __future__ import annotations

from typing import Final

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from headrace.domain.events import UNKNOWN
from headrace.domain.facts import FACTS
from headrace.domain.panes import DAY_MS, HOUR_MS, PANE_MS
from headrace.stream.clean import first_of_order, utc_date
from headrace.stream.facts import READS, fact_totals, merged_facts
from headrace.stream.schemas import USER_WINDOWS
from headrace.stream.watermark import state_ends

FIVE_MINUTES, HOUR, DAY = "5m", "1h", "1d"

_KEY: Final = ("person", "category", "window_kind", "window_start", "window_end")


def final_windows(events: DataFrame, currency: str, state_horizon_ms: int) -> DataFrame:
    """Rows of USER_WINDOWS from events that count; on a stream in append mode, each when its window can change no more.

    Counted once, as five-minute panes; every window is then a sum of panes, so a sliding hour costs twelve rows a pane
    and not twelve an event.
    """
    return roll_up(_five_minutes(events, currency, state_horizon_ms), state_horizon_ms)


def _five_minutes(events: DataFrame, currency: str, state_horizon_ms: int) -> DataFrame:
    counted = first_of_order(events, ("category", *READS))
    pane = F.col("occurred_at") - F.pmod("occurred_at", F.lit(PANE_MS))
    category = F.coalesce("category", F.lit(UNKNOWN)).alias("category")
    until = F.timestamp_millis(pane + F.lit(PANE_MS)).alias("state_until")
    rows = counted.select("person", category, pane.alias("pane_ms"), until, *READS)
    rows = rows.select("person", "category", "pane_ms", state_ends("state_until", state_horizon_ms), *READS)
    return rows.groupBy("person", "category", "pane_ms", "state_until").agg(*fact_totals(currency))


def roll_up(panes: DataFrame, state_horizon_ms: int) -> DataFrame:
    """Panes (person, category, pane_ms, FACTS) as USER_WINDOWS: each pane is in one of 5m, twelve of 1h, one of 1d."""
    placed = panes.select("person", "category", F.explode(_windows_of_pane()).alias("window"), *FACTS)
    rows = placed.select(
        "person", "category", "window.*", F.timestamp_millis("window.window_end").alias("state_until"), *FACTS
    )
    rows = rows.select(*_KEY, state_ends("state_until", state_horizon_ms), *FACTS)
    merged = rows.groupBy(*_KEY, "state_until").agg(*merged_facts())
    return merged.select(utc_date(F.col("window_start")).alias("event_date"), *_KEY, *FACTS).select(*USER_WINDOWS.names)


def _windows_of_pane() -> Column:
    pane = F.col("pane_ms")
    first_hour = pane - F.lit(HOUR_MS - PANE_MS)
    hours = F.transform(F.sequence(first_hour, pane, F.lit(PANE_MS)), lambda start: _window(HOUR, start, HOUR_MS))
    day = pane - F.pmod(pane, F.lit(DAY_MS))
    return F.concat(F.array(_window(FIVE_MINUTES, pane, PANE_MS)), hours, F.array(_window(DAY, day, DAY_MS)))


def _window(kind: str, start: Column, length_ms: int) -> Column:
    return F.struct(
        F.lit(kind).alias("window_kind"),
        start.alias("window_start"),
        (start + F.lit(length_ms)).alias("window_end"),
    )
