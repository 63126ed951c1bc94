"""What people ordered where and when, out of weighed history: the arrays of domain/orders.py. No law of its own.

An order is a purchase, an item kept in a playlist, or two minutes watched. Distinct people count, as for popularity:
one wholesaler's routine is not what people do here.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import Final

import numpy as np
import pyarrow as pa
from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from headrace.cells import cell_of
from headrace.domain.events import Place
from headrace.domain.here import EVER, Context, Here, counted_contexts, local_time
from headrace.domain.orders import Orders, orders_of
from headrace.domain.panes import DAY_MS, HOUR_MS, MINUTE_MS
from headrace.learn.matrix import ItemIndex

SPAN_MS: Final = 28 * DAY_MS
"""Whole weeks, so that every weekday counts as often."""

FEWEST: Final = 20
"""Distinct people who ordered in a context, below which it is not published: it would say little, and about whom.

Everywhere at any time always is: what is expected elsewhere is counted from it.
"""

ORDERS: Final = "person string, item int, cell long, time int"
_WEEK_MS: Final = 7 * DAY_MS
_WATCHED_MILLI: Final = 1_000  # two minutes: domain/strength.py


def orders(events: DataFrame, index: ItemIndex, clock_ms: int, fewest: int = FEWEST) -> Orders:
    """Orders in (clock - 28 days, ∞), of every context of `fewest` people. `events` are weighed and distinct."""
    recent = events.where(_is_order() & (F.col("occurred_at") > clock_ms - SPAN_MS))
    local_ms = F.col("occurred_at") + F.col("tz_offset_min") * F.lit(MINUTE_MS)
    of_week = F.floor(F.pmod(local_ms, F.lit(_WEEK_MS)) / F.lit(HOUR_MS)).cast("int")
    distinct = (
        recent.join(F.broadcast(index.rows), on="item_id", how="inner")  # each item_id has one index
        .select("person", "item", "lat", "lon", of_week.alias("hour_of_week"))
        .distinct()
    )
    placed = distinct.mapInArrow(_placed, ORDERS).distinct()
    everywhere = (F.col("cell") == EVER[0]) & (F.col("time") == EVER[1])
    known = placed.groupBy("cell", "time").agg(F.count_distinct("person").alias("known"))
    counted = (
        placed.groupBy("cell", "time", "item")
        .agg(F.count(F.lit(1)).cast("int").alias("people"))
        .join(known.where((F.col("known") >= fewest) | everywhere), on=["cell", "time"], how="left_semi")
        .sort("cell", "time", "item")
        .toArrow()
    )
    cells, times, items, people = (counted.column(name).to_numpy() for name in ("cell", "time", "item", "people"))
    contexts = np.column_stack((cells, times)).astype(np.int64).reshape(-1, 2)
    new = np.ones(len(contexts), dtype=bool)
    new[1:] = (contexts[1:] != contexts[:-1]).any(axis=1)
    starts = np.append(np.flatnonzero(new), len(contexts)).astype(np.int64)
    return orders_of(contexts[new], starts, items.astype(np.int32), people.astype(np.int32))


def _is_order() -> Column:
    watched = (F.col("kind") == "watch") & (F.col("weight_milli") >= _WATCHED_MILLI)
    return F.col("item_id").isNotNull() & (F.col("kind").isin("purchase", "playlist_add") | watched)


def _placed(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    """person, item, lat, lon, hour_of_week → ORDERS: a row for every context that holds the order."""
    for batch in batches:
        where_and_when = (batch.column(name).to_pylist() for name in ("lat", "lon", "hour_of_week"))
        contexts = [_contexts(lat, lon, hour_of_week) for lat, lon, hour_of_week in zip(*where_and_when, strict=True)]
        rows = pa.array(np.repeat(np.arange(len(contexts)), [len(each) for each in contexts]), pa.int64())
        columns = (
            batch.column("person").take(rows),
            batch.column("item").take(rows),
            pa.array([cell for each in contexts for cell, _ in each], pa.int64()),
            pa.array([time for each in contexts for _, time in each], pa.int32()),
        )
        yield pa.RecordBatch.from_arrays(list(columns), ["person", "item", "cell", "time"])


@lru_cache(maxsize=100_000)  # shops and homes come again
def _contexts(lat: float | None, lon: float | None, hour_of_week: int | None) -> tuple[Context, ...]:
    """`hour_of_week` counts from Thursday midnight, as 1970 did."""
    cell, parent = (None, None) if lat is None or lon is None else cell_of(Place(lat, lon))
    hour, weekday = (None, None) if hour_of_week is None else local_time(hour_of_week * HOUR_MS, 0)
    return tuple(counted_contexts(Here(cell, parent, hour, weekday)))
