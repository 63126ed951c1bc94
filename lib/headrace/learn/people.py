"""Everyone with what training knows of them, and the numpy law applied to them on executors. Nothing is gathered."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import TypeVar

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from pyspark.sql import DataFrame
from pyspark.sql import functions as F
from threadpoolctl import threadpool_limits

from headrace.domain.taste import no_acts
from headrace.learn.acts import ACTS, read_acts
from headrace.learn.retrieval import Profile

PROFILES = f"person string, items array<int>, counts array<long>, factors array<float>, acts {ACTS}"
"""items: distinct, newest first; counts: how often each. Both are empty, and factors null, without a positive event.
acts: null where nothing says anything."""

ITEMS_PER_PERSON = 5_000
"""The newest of them; a crawler's row stays below 100 kB."""

Number = TypeVar("Number", np.int64, np.float32)
Mapper = Callable[[list[str], list[Profile]], pa.RecordBatch]


def profiles(everyone: DataFrame, pairs: DataFrame, factors: DataFrame, acts: DataFrame) -> DataFrame:
    """PROFILES: one row for each `person` of `everyone`, from matrix.PAIRS, als.Factors.people and `acts.acts_of`."""
    newest_first = F.sort_array(F.collect_list(F.struct((-F.col("last_ms")).alias("age"), "item", "n")))
    chosen = pairs.groupBy("person").agg(F.slice(newest_first, 1, ITEMS_PER_PERSON).alias("chosen"))
    return (
        everyone.select("person")
        .distinct()
        .join(chosen, on="person", how="left")  # at most one row per person
        .join(factors, on="person", how="left")  # at most one row per person
        .join(acts, on="person", how="left")  # at most one row per person
        .select(
            "person",
            F.coalesce(F.col("chosen.item"), F.array().cast("array<int>")).alias("items"),
            F.coalesce(F.col("chosen.n"), F.array().cast("array<long>")).alias("counts"),
            "factors",
            "acts",
        )
    )


def map_people(people: DataFrame, rank: int, mapper: Mapper, schema: str) -> DataFrame:
    """`mapper` over PROFILES, batch by batch, on executors; its batches have `schema`."""

    def each(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        # The cores are shared out already, a task each.
        with threadpool_limits(1):  # type: ignore[no-untyped-call]  # threadpoolctl publishes no types
            for batch in batches:
                if batch.num_rows:
                    yield mapper(batch.column("person").to_pylist(), read_profiles(batch, rank))

    return people.mapInArrow(each, schema)


def read_profiles(batch: pa.RecordBatch, rank: int) -> list[Profile]:
    """PROFILES as values; null factors become zeros, null acts none."""
    columns = (batch.column(name) for name in ("items", "counts", "factors", "acts"))
    return [
        Profile(
            items=_values(items, np.int64),
            counts=_values(counts, np.int64),
            factors=_values(factors, np.float32) if factors.is_valid else np.zeros(rank, dtype=np.float32),
            acts=read_acts(acts) if acts.is_valid else no_acts(),
        )
        for items, counts, factors, acts in zip(*columns, strict=True)
    ]


def _values(scalar: pa.ListScalar, dtype: type[Number]) -> NDArray[Number]:
    values: NDArray[Number] = scalar.values.to_numpy(zero_copy_only=False).astype(dtype)
    return values
