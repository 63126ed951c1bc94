"""People × items with what their events say together: the matrix that every model here is fitted on. No fitting."""

from __future__ import annotations

from dataclasses import dataclass

import pyarrow as pa
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from headrace.learn.weights import Weighting

PAIRS = "person string, item int, strength float, n long, last_ms long"
"""One row per person and item with a positive sum of weights.

item      index in the catalogue order of this training
strength  what ALS sees: 1, or ln(1 + sum of weights), so that a wholesaler's hundredth order adds little
n         the person's positive events on it
last_ms   the newest of those
"""


@dataclass(frozen=True, slots=True, eq=False)
class ItemIndex:
    """Every known item in code point order; an item's place is its index."""

    items: tuple[str, ...]
    rows: DataFrame
    """item_id string, item int; small enough to broadcast."""


def index_items(spark: SparkSession, item_ids: DataFrame) -> ItemIndex:
    """Distinct `item_id`s, sorted, numbered from 0. They come to the driver: a model on the shelf lists them anyway."""
    table = item_ids.select("item_id").where(F.col("item_id").isNotNull()).distinct().toArrow()
    items = tuple(sorted(table.column("item_id").to_pylist()))
    numbered = pa.table({"item_id": pa.array(items, pa.string()), "item": pa.array(range(len(items)), pa.int32())})
    return ItemIndex(items, spark.createDataFrame(numbered))


def interactions(events: DataFrame, index: ItemIndex, weighting: Weighting) -> DataFrame:
    """PAIRS out of weighed, distinct events. A pair whose sum is not positive is left out: it says nothing to offer."""
    is_positive = F.col("weight_milli") > 0
    said = F.sum("weight_milli")
    strength = F.lit(1.0) if weighting == "binary" else F.log1p(F.col("said") / 1000)
    return (
        events.where(F.col("item_id").isNotNull() & (F.col("weight_milli") != 0))
        .groupBy("person", "item_id")
        .agg(
            said.alias("said"),
            F.count_if(is_positive).alias("n"),
            F.max(F.when(is_positive, F.col("occurred_at"))).alias("last_ms"),
        )
        .where(F.col("said") > 0)
        .join(F.broadcast(index.rows), on="item_id", how="inner")  # each item_id has one index
        .select("person", "item", strength.cast("float").alias("strength"), "n", "last_ms")
    )
