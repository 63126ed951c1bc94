"""Events in, finished sessions out. DataFrame in, DataFrame out; no reads, no writes.

A session is one person's events under one session id, or under none, with no gap above 30 minutes: Spark's
session_window merges a gap of exactly its length and splits a longer one, which is the law.
"""

from __future__ import annotations

from typing import Final

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from headrace.domain.events import SESSION_GAP_MS, UNKNOWN
from headrace.stream.clean import first_of_order, utc_date
from headrace.stream.facts import READS, fact_totals
from headrace.stream.schemas import SESSIONS

LISTED_ITEMS: Final = 100
LISTED_CATEGORIES: Final = 50


def finished_sessions(events: DataFrame, currency: str) -> DataFrame:
    """Rows of SESSIONS from events that count; on a stream in append mode, each when no event can join it any more."""
    counted = first_of_order(events, ("session_id", "item_id", "category", *READS))
    named = counted.withColumn("session_id", F.coalesce("session_id", F.lit(""))).withColumn(
        "category", F.coalesce("category", F.lit(UNKNOWN))
    )
    gap = F.session_window("occurred", f"{SESSION_GAP_MS} milliseconds")
    sessions = named.groupBy("person", "session_id", gap).agg(
        F.min("occurred_at").alias("started_ms"),
        F.max("occurred_at").alias("ended_ms"),
        F.count(F.lit(1)).alias("n_events"),
        F.collect_set("item_id").alias("all_items"),
        F.collect_set("category").alias("all_categories"),
        *fact_totals(currency),
    )
    listed = sessions.select(
        "*",
        utc_date(F.col("started_ms")).alias("event_date"),
        F.size("all_items").cast("long").alias("n_items"),
        F.size("all_categories").cast("long").alias("n_categories"),
        F.slice(F.array_sort("all_items"), 1, LISTED_ITEMS).alias("items"),
        F.slice(F.array_sort("all_categories"), 1, LISTED_CATEGORIES).alias("categories"),
    )
    return listed.select(*SESSIONS.names)
