"""Latent factors of people and items by implicit alternating least squares (Hu, Koren, Volinsky, ICDM 2008).

Spark's own ALS, its blocks fed in a fixed order, so that one seed gives the same factors. No ranking.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from pyspark.ml.recommendation import ALS
from pyspark.sql import DataFrame
from pyspark.sql import functions as F


@dataclass(frozen=True, slots=True)
class AlsSettings:
    """What shapes the factors. `blocks` is how far the work is spread; another number is another order of sums."""

    rank: int
    iterations: int
    regularisation: float
    alpha: float
    seed: int
    blocks: int


@dataclass(frozen=True, slots=True, eq=False)
class Factors:
    """people: person string, factors array<float>. items: float32 [n, rank], zeros where an item had no history."""

    people: DataFrame
    items: NDArray[np.float32]


def factorise(pairs: DataFrame, n_items: int, wanted: AlsSettings) -> Factors:
    """Factors of everyone and everything in `pairs` (matrix.PAIRS).

    Needs the Spark context's checkpoint directory: without it the lineage of 15 iterations overflows the JVM's stack.
    """
    if pairs.isEmpty():  # Spark's ALS fails on no rows; nobody said anything positive yet, so nobody has factors
        nobody = pairs.select("person", F.array().cast("array<float>").alias("factors"))
        return Factors(nobody, np.zeros((n_items, wanted.rank), dtype=np.float32))
    # One total order over the people gives each a number; Spark numbers rows without gathering them.
    numbered = pairs.select("person").distinct().sort("person").zipWithIndex("person_index")
    people = numbered.withColumn("person_index", F.col("person_index").cast("int")).persist()
    ratings = (
        pairs.join(people, on="person", how="inner")  # one index per person
        .select("person_index", "item", "strength")
        .repartition(wanted.blocks, "person_index")
        .sortWithinPartitions("person_index", "item")
    )
    model = ALS(
        userCol="person_index",
        itemCol="item",
        ratingCol="strength",
        implicitPrefs=True,
        rank=wanted.rank,
        maxIter=wanted.iterations,
        regParam=wanted.regularisation,
        alpha=wanted.alpha,
        seed=wanted.seed,
        numUserBlocks=wanted.blocks,
        numItemBlocks=wanted.blocks,
        checkpointInterval=5,
    ).fit(ratings)
    trained = model.itemFactors.toArrow()
    items = np.zeros((n_items, wanted.rank), dtype=np.float32)
    features = trained.column("features").combine_chunks().flatten().to_numpy(zero_copy_only=False)
    items[trained.column("id").to_numpy()] = features.astype(np.float32).reshape(-1, wanted.rank)
    by_index = model.userFactors.select(F.col("id").alias("person_index"), F.col("features").alias("factors"))
    # One factor row per person; both sides keep the whole list, so the join is by shuffle and not by memory.
    return Factors(people.join(by_index, on="person_index", how="inner").select("person", "factors"), items)
