"""How many people an item reached lately: distinct people, so that one wholesaler counts once."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from headrace.domain.panes import DAY_MS
from headrace.learn.matrix import ItemIndex

SPAN_MS: Final = 30 * DAY_MS


def popularity(events: DataFrame, index: ItemIndex, clock_ms: int) -> NDArray[np.int64]:
    """int64 [n]: distinct people with a positive event in (clock - 30 days, ∞). `events` are weighed and distinct."""
    counted = (
        events.where((F.col("weight_milli") > 0) & (F.col("occurred_at") > clock_ms - SPAN_MS))
        .groupBy("item_id")
        .agg(F.count_distinct("person").alias("people"))
        .join(F.broadcast(index.rows), on="item_id", how="inner")  # each item_id has one index
        .select("item", "people")
        .toArrow()
    )
    people = np.zeros(len(index.items), dtype=np.int64)
    people[counted.column("item").to_numpy()] = counted.column("people").to_numpy()
    return people
