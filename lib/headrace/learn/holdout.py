"""The newest part of history, kept from a fit and then asked what people really chose. No model, no metric."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import accumulate

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from headrace.domain.panes import HOUR_MS
from headrace.learn.matrix import ItemIndex

NEWEST_SHARE = 0.1
MOST_PEOPLE = 5_000
"""People judged: a standard error of nDCG below 0.005, and one small table on the driver."""


@dataclass(frozen=True, slots=True, eq=False)
class Holdout:
    """before: events to fit on. relevant: person string, relevant array<int>; people known before the cut only.

    people counts them all; `relevant` has the MOST_PEOPLE of them with the smallest hash.
    """

    cut_ms: int
    before: DataFrame
    relevant: DataFrame
    people: int


def cut_of(events: DataFrame, share: float = NEWEST_SHARE) -> int | None:
    """The first full hour from which on at most `share` of the positive events happened; None if there are none."""
    hour = (F.col("occurred_at") - F.pmod("occurred_at", F.lit(HOUR_MS))).alias("hour")
    counted = events.where(_is_choice()).groupBy(hour).count().sort("hour").toArrow().to_pydict()
    if not counted["hour"]:
        return None
    so_far = accumulate(counted["count"])
    # The running total *before* an hour is what lies outside [hour, ∞).
    outside = [total - own for total, own in zip(so_far, counted["count"], strict=True)]
    kept = sum(counted["count"]) * (1 - share)
    late_enough = [hour for hour, before in zip(counted["hour"], outside, strict=True) if before >= kept]
    return int(late_enough[0] if late_enough else counted["hour"][-1] + HOUR_MS)


def hold_out(events: DataFrame, index: ItemIndex, cut_ms: int) -> Holdout:
    """Split weighed, distinct events at `cut_ms`. Relevant: each item with a positive event from then on."""
    before = events.where(F.col("occurred_at") < cut_ms)
    known = before.where(_is_choice()).select("person").distinct()
    chosen = (
        events.where((F.col("occurred_at") >= cut_ms) & _is_choice())
        .join(known, on="person", how="left_semi")
        .join(F.broadcast(index.rows), on="item_id", how="inner")  # each item_id has one index
        .groupBy("person")
        .agg(F.sort_array(F.collect_set("item")).alias("relevant"))
        .persist()
    )
    sample = chosen.sort(F.xxhash64("person"), "person").limit(MOST_PEOPLE)
    return Holdout(cut_ms, before, sample, chosen.count())


def _is_choice() -> Column:
    return F.col("item_id").isNotNull() & (F.col("weight_milli") > 0)
