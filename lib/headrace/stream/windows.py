"""Events in, each person's final windows out: 5 minutes, 1 hour every 5, UTC and local day. No reads, no writes."""

from __future__ import annotations

from typing import Final

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from headrace.domain.events import UNKNOWN
from headrace.domain.facts import PERSON_FACTS
from headrace.domain.panes import DAY_MS, HOUR_MS, MINUTE_MS, PANE_MS
from headrace.stream.clean import first_of_order, utc_date
from headrace.stream.facts import READS, fact_totals, merged_facts
from headrace.stream.schemas import USER_WINDOWS
from headrace.stream.watermark import state_ends

FIVE_MINUTES, HOUR, DAY, LOCAL_DAY = "5m", "1h", "1d", "1d_local"

_CELL: Final = ("person", "category", "content_type")
_KEY: Final = (*_CELL, "window_kind", "window_start", "window_end")


def final_windows(events: DataFrame, currency: str, state_horizon_ms: int) -> DataFrame:
    """Rows of USER_WINDOWS from events that count; on a stream in append mode, each when its window can change no more.

    Counted once, as five-minute panes; every window is then a sum of panes, so a sliding hour costs twelve rows a pane
    and not twelve an event.
    """
    return roll_up(_five_minutes(events, currency, state_horizon_ms), state_horizon_ms)


def _five_minutes(events: DataFrame, currency: str, state_horizon_ms: int) -> DataFrame:
    counted = first_of_order(events, ("category", "content_type", *READS))
    pane = F.col("occurred_at") - F.pmod("occurred_at", F.lit(PANE_MS))
    names = (F.coalesce(name, F.lit(UNKNOWN)).alias(name) for name in ("category", "content_type"))
    until = F.timestamp_millis(pane + F.lit(PANE_MS)).alias("state_until")
    rows = counted.select("person", *names, pane.alias("pane_ms"), until, *READS)
    rows = rows.select(*_CELL, "pane_ms", state_ends("state_until", state_horizon_ms), *READS)
    return rows.groupBy(*_CELL, "pane_ms", "state_until").agg(*fact_totals(currency))


def roll_up(panes: DataFrame, state_horizon_ms: int) -> DataFrame:
    """Panes (person, category, content_type, pane_ms, PERSON_FACTS) as USER_WINDOWS.

    Each is in one of 5m, twelve of 1h, one of 1d, and where it knows its offset in one of 1d_local. Two offsets of one
    date, as clocks change or somebody travels, are two windows, each between its own midnights.
    """
    placed = panes.select(*_CELL, F.explode(_windows_of_pane()).alias("window"), *PERSON_FACTS)
    until = F.timestamp_millis(_last_pane_end(F.col("window.window_end"))).alias("state_until")
    rows = placed.select(*_CELL, "window.*", until, *PERSON_FACTS)
    rows = rows.select(*_KEY, state_ends("state_until", state_horizon_ms), *PERSON_FACTS)
    merged = rows.groupBy(*_KEY, "state_until").agg(*merged_facts())
    return merged.select(utc_date(F.col("window_start")).alias("event_date"), "*").select(*USER_WINDOWS.names)


def _windows_of_pane() -> Column:
    pane = F.col("pane_ms")
    first_hour = pane - F.lit(HOUR_MS - PANE_MS)
    hours = F.transform(F.sequence(first_hour, pane, F.lit(PANE_MS)), lambda start: _window(HOUR, start, HOUR_MS))
    offset = F.col("tz_offset_max") * F.lit(MINUTE_MS)
    local_day = _window(LOCAL_DAY, pane - F.pmod(pane + offset, F.lit(DAY_MS)), DAY_MS)
    others = F.array(
        _window(FIVE_MINUTES, pane, PANE_MS),
        _window(DAY, pane - F.pmod(pane, F.lit(DAY_MS)), DAY_MS),
        F.when(offset.isNotNull(), local_day),
    )
    return F.array_compact(F.concat(others, hours))


def _last_pane_end(window_end: Column) -> Column:
    """When the last pane that starts in the window ends: where clocks are no multiple of five minutes from UTC, a local
    day ends within one, which comes out after it."""
    return window_end + F.pmod(-window_end, F.lit(PANE_MS))


def _window(kind: str, start: Column, length_ms: int) -> Column:
    return F.struct(
        F.lit(kind).alias("window_kind"),
        start.alias("window_start"),
        (start + F.lit(length_ms)).alias("window_end"),
    )
