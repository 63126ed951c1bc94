"""Everyone's history in whole days, as the law of taste reads it: integers, summed by Spark. The law is not here."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from headrace.domain.events import UNKNOWN
from headrace.domain.panes import DAY_MS
from headrace.domain.taste import Acts
from headrace.learn.matrix import ItemIndex

ACTS = "array<struct<day:long,item:int,category:string,strength_milli:long,last_ms:long>>"
"""taste.Acts, newest day first; item is -1 where no item was named, last_ms the newest act of the cell."""

DAYS_PER_PERSON = 5_000
"""The newest of the cells; a crawler's row stays bounded. Of somebody who meets ten items a day it is over a year."""


def acts_of(events: DataFrame, index: ItemIndex) -> DataFrame:
    """person, acts: one row for everyone of whose weighed, distinct `events` one says something."""
    said = (
        events.where(F.col("weight_milli") != 0)
        .join(F.broadcast(index.rows), on="item_id", how="left")  # each item_id has one index
        .repartition("person")  # once for both groupings
        .groupBy(
            "person",
            F.floor(F.col("occurred_at") / DAY_MS).alias("day"),
            F.coalesce("item", F.lit(-1)).alias("item"),
            F.coalesce("category", F.lit(UNKNOWN)).alias("category"),
        )
        .agg(F.sum("weight_milli").alias("strength_milli"), F.max("occurred_at").alias("last_ms"))
    )
    cells = F.collect_list(F.struct((-F.col("day")).alias("age"), "item", "category", "strength_milli", "last_ms"))
    newest_first = F.slice(F.sort_array(cells), 1, DAYS_PER_PERSON)
    named = F.transform(
        newest_first,
        lambda cell: F.struct(
            (-cell["age"]).alias("day"),
            cell["item"].alias("item"),
            cell["category"].alias("category"),
            cell["strength_milli"].alias("strength_milli"),
            cell["last_ms"].alias("last_ms"),
        ),
    )
    return said.groupBy("person").agg(named.alias("acts"))


def read_acts(cells: pa.ListScalar) -> Acts:
    """One person's."""
    struct = cells.values
    last_ms = struct.field("last_ms").to_numpy(zero_copy_only=False)
    return Acts(
        days=struct.field("day").to_numpy(zero_copy_only=False).astype(np.int64),
        items=struct.field("item").to_numpy(zero_copy_only=False).astype(np.int64),
        categories=tuple(struct.field("category").to_pylist()),
        strength_milli=struct.field("strength_milli").to_numpy(zero_copy_only=False).astype(np.int64),
        last_ms=int(last_ms.max()),
    )
