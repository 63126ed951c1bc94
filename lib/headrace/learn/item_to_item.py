"""Items that the same people liked: cosine over people, shrunk, the k nearest of each item. No session order.

score(i, j) = c / (√(n_i · n_j) + SHRINKAGE), c people with both, n_i people with i: a cosine of binary vectors in which
a pair seen once says less than one seen often. Counts are integers, so the result depends on no order.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from pyspark.sql import DataFrame, Window
from pyspark.sql import functions as F

SHRINKAGE: Final = 10.0
NEWEST_PER_PERSON: Final = 200
"""A person's pairs grow with the square of their items: one crawler with 10,000 would make 50 million of them."""


@dataclass(frozen=True, slots=True, eq=False)
class Neighbours:
    """int32 [n, k] indices, best first, -1 where there are fewer; float32 [n, k] scores in [0, 1)."""

    items: NDArray[np.int32]
    scores: NDArray[np.float32]


def neighbours(pairs: DataFrame, n_items: int, k: int, newest: int = NEWEST_PER_PERSON) -> Neighbours:
    """The k nearest of each item over each person's `newest` items; ties: more people first, then the smaller index."""
    ranked = nearest(pairs, k, newest).toArrow()
    items = np.full((n_items, k), -1, dtype=np.int32)
    scores = np.zeros((n_items, k), dtype=np.float32)
    place = (ranked.column("item").to_numpy(), ranked.column("place").to_numpy() - 1)
    items[place] = ranked.column("other").to_numpy()
    scores[place] = ranked.column("score").to_numpy()
    return Neighbours(items, scores)


def nearest(pairs: DataFrame, k: int, newest: int = NEWEST_PER_PERSON) -> DataFrame:
    """item int, other int, score double, place int from 1: at most k rows per item."""
    by_recency = Window.partitionBy("person").orderBy(F.desc("last_ms"), "item")
    recent = (
        pairs.select("person", "item", F.row_number().over(by_recency).alias("nth"))
        .where(F.col("nth") <= newest)
        .select("person", "item")
    )
    people = recent.groupBy("item").agg(F.count(F.lit(1)).alias("people"))
    left, right = recent.alias("left"), recent.alias("right")
    both = (
        left.join(right, on="person", how="inner")  # at most newest² rows per person
        .where(F.col("left.item") < F.col("right.item"))
        .groupBy(F.col("left.item").alias("item"), F.col("right.item").alias("other"))
        .agg(F.count(F.lit(1)).alias("both"))
    )
    either = both.union(both.select(F.col("other").alias("item"), F.col("item").alias("other"), "both"))
    item_people = people.select("item", F.col("people").alias("item_people"))
    other_people = people.select(F.col("item").alias("other"), F.col("people").alias("other_people"))
    score = F.col("both") / (F.sqrt(F.col("item_people") * F.col("other_people")) + F.lit(SHRINKAGE))
    best_first = Window.partitionBy("item").orderBy(F.desc("score"), F.desc("other_people"), "other")
    return (
        either.join(F.broadcast(item_people), on="item", how="inner")  # one row per item
        .join(F.broadcast(other_people), on="other", how="inner")  # one row per item
        .select("item", "other", "other_people", score.alias("score"))
        .withColumn("place", F.row_number().over(best_first))
        .where(F.col("place") <= k)
        .select("item", "other", "score", "place")
    )
