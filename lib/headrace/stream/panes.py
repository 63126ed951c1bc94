"""Events in, five-minute totals per person, item and raw partition out. No session, no reads, no writes, no clock."""

from __future__ import annotations

from typing import Final

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from headrace.domain.events import UNKNOWN
from headrace.domain.facts import FACTS
from headrace.domain.panes import HOUR_MS, PANE_MS
from headrace.stream.facts import READS, fact_totals
from headrace.stream.watermark import state_ends

USER, ITEM, PARTITION = "user", "item", "partition"

PANE_COLUMNS: Final = ("grain", "owner", "pane_ms", "category", *FACTS)
"""One row per grain, owner, pane and category, with absolute totals."""

_COUNTED_FOR_MS: Final = 86_400_000  # an hour of append is counted for a day more, whatever the events in it say


def panes(events: DataFrame, currency: str, state_horizon_ms: int | None = None) -> DataFrame:
    """Totals of deduplicated events that count, as PANE_COLUMNS; on a stream in update mode.

    user, item    pane_ms is the five minutes of occurred_at
    partition     owner is '<generation>:<raw partition>', pane_ms the hour of the raw record's append, for account

    One shuffle and one state serve all three, since their rows differ only in the key. Where `occurred` has a
    watermark, `state_horizon_ms` is how far it lags: state behind it ends.
    """
    keyed = events.select(F.explode(_grains()).alias("key"), *READS).select("key.*", *READS)
    timed = F.col("state_until") if state_horizon_ms is None else state_ends("state_until", state_horizon_ms)
    rows = keyed.where("owner IS NOT NULL").select("grain", "owner", "pane_ms", "category", timed, *READS)
    totals = rows.groupBy("grain", "owner", "pane_ms", "category", "state_until").agg(*fact_totals(currency))
    return totals.select(*PANE_COLUMNS)


def _grains() -> Column:
    category = F.coalesce("category", F.lit(UNKNOWN))
    occurred, appended = F.col("occurred_at"), F.col("src_ms")
    pane = occurred - F.pmod(occurred, F.lit(PANE_MS))
    hour = appended - F.pmod(appended, F.lit(HOUR_MS))
    raw_partition = F.concat_ws(":", "raw_generation", "raw_partition")
    pane_end, counted_until = pane + F.lit(PANE_MS), hour + F.lit(HOUR_MS + _COUNTED_FOR_MS)
    user = _key(USER, F.col("person"), pane, category, pane_end)
    item = _key(ITEM, F.col("item_id"), pane, category, pane_end)
    partition = _key(PARTITION, raw_partition, hour, F.lit(""), counted_until)
    return F.array(user, item, partition)


def _key(grain: str, owner: Column, pane: Column, category: Column, until_ms: Column) -> Column:
    return F.struct(
        F.lit(grain).alias("grain"),
        owner.alias("owner"),
        pane.alias("pane_ms"),
        category.alias("category"),
        F.timestamp_millis(until_ms).alias("state_until"),
    )
