"""Events in, finished sessions out. DataFrame in, DataFrame out; no reads, no writes.

A session is one person's events under one session id, or under none, with no gap above 30 minutes: Spark's
session_window merges a gap of exactly its length and splits a longer one, which is the law. What a session adds up to
is domain/summary.py; here it is as columns.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from headrace.domain.events import SESSION_GAP_MS, UNKNOWN
from headrace.domain.summary import BOUGHT, CARTED, IMPRESSION, LISTED_ACTS, MILLI, SKIPPED, UNWANTED, VIEWED
from headrace.stream.clean import first_of_order, utc_date
from headrace.stream.facts import READS, fact_totals, priced
from headrace.stream.schemas import SESSIONS

_READS: Final = tuple(dict.fromkeys(("session_id", "item_id", "category", "content_type", *READS)))


def finished_sessions(events: DataFrame, currency: str) -> DataFrame:
    """Rows of SESSIONS from events that count; on a stream in append mode, each when no event can join it any more."""
    named = first_of_order(events, _READS).withColumn("session_id", F.coalesce("session_id", F.lit("")))
    gap = F.session_window("occurred", f"{SESSION_GAP_MS} milliseconds")
    totals = named.groupBy("person", "session_id", gap).agg(
        F.min("occurred_at").alias("started_ms"),
        F.max("occurred_at").alias("ended_ms"),
        F.count(F.lit(1)).alias("n_events"),
        F.count(_order()).alias("n_acts"),
        # Not collect_set: a bot's would grow without end, in one row of state. Nulls in the order are left out.
        F.min_by(_act(currency), _order(), LISTED_ACTS).alias("acts"),
        _first_of(CARTED).alias("first_cart_ms"),
        _first_of(BOUGHT).alias("first_purchase_ms"),
        *fact_totals(currency),
    )
    ordered = totals.withColumn("acts", F.coalesce("acts", F.array()))
    told = ordered.withColumns(
        {
            "on_items": F.filter("acts", lambda act: act["item_id"].isNotNull()),
            "prices": F.transform(F.filter("acts", lambda act: act["price"].isNotNull()), lambda act: act["price"]),
            "dwells": F.filter("acts", lambda act: (act["kind"] == "dwell") & act["ms"].isNotNull()),
            "watches": F.filter("acts", lambda act: (act["kind"] == "watch") & act["ms"].isNotNull()),
        }
    )
    features = {
        "event_date": utc_date(F.col("started_ms")),
        "length_ms": F.col("ended_ms") - F.col("started_ms"),
        "more": F.col("n_acts") > LISTED_ACTS,
        "entry_kind": F.try_element_at("acts", F.lit(1))["kind"],
        "entry_item": F.try_element_at("on_items", F.lit(1))["item_id"],
        "entry_category": F.try_element_at("on_items", F.lit(1))["category"],
        "price_first": F.try_element_at("prices", F.lit(1)),
        "price_last": F.try_element_at("prices", F.lit(-1)),
        "price_up": _climb(lambda earlier, later: later - earlier),
        "price_down": _climb(lambda earlier, later: earlier - later),
        "viewed": _items(VIEWED),
        "carted": _items(CARTED),
        "bought": _items(BOUGHT),
        "skipped": _items(SKIPPED),
        "unwanted": _items(UNWANTED),
        "categories": _by_name("acts", lambda act: act["category"], lambda _: F.lit(1)),
        "dwell_by_type": _by_name("dwells", lambda act: act["content_type"], lambda act: act["ms"]),
        "watch_by_type": _by_name("watches", lambda act: act["content_type"], lambda act: act["ms"]),
        "cart_after_ms": F.col("first_cart_ms") - F.col("started_ms"),
        "purchase_after_ms": F.col("first_purchase_ms") - F.col("started_ms"),
    }
    return told.withColumns(features).select(*SESSIONS.names)


def _order() -> Column:
    """Of an act among its session's; null of what is no act."""
    return F.when(F.col("kind") != IMPRESSION, F.struct("occurred_at", "event_id"))


def _act(currency: str) -> Column:
    milli_div = F.call_function("div", F.col("value_milli"), F.lit(MILLI))
    return F.struct(
        "kind",
        "item_id",
        F.coalesce("category", F.lit(UNKNOWN)).alias("category"),
        F.coalesce("content_type", F.lit(UNKNOWN)).alias("content_type"),
        F.when(F.col("value_milli").isNotNull(), F.greatest(F.lit(0), milli_div)).alias("ms"),
        priced(currency).alias("price"),
    )


def _first_of(kinds: Sequence[str]) -> Column:
    return F.min(F.when(F.col("kind").isin(*kinds), F.col("occurred_at")))


def _items(kinds: Sequence[str]) -> Column:
    of_kinds = F.filter("on_items", lambda act: act["kind"].isin(*kinds))
    return F.array_distinct(F.transform(of_kinds, lambda act: act["item_id"]))


def _climb(step: Callable[[Column, Column], Column]) -> Column:
    """The sum of the positive ones of `step` from each price to the next."""
    later = F.slice("prices", 2, LISTED_ACTS)
    steps = F.zip_with("prices", later, lambda before, after: F.greatest(F.lit(0), step(before, after)))
    return _sum(steps)


def _by_name(acts: str, name: Callable[[Column], Column], value: Callable[[Column], Column]) -> Column:
    """Name → the sum of the values of the acts of that name."""
    names = F.array_sort(F.array_distinct(F.transform(acts, name)))
    sums = F.transform(
        names, lambda each: _sum(F.transform(F.filter(acts, lambda act: name(act) == each), lambda act: value(act)))
    )
    return F.map_from_arrays(names, sums)


def _sum(values: Column) -> Column:
    return F.aggregate(values, F.lit(0).cast("long"), lambda total, value: total + value)
