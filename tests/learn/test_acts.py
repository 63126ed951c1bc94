"""Histories in whole days: what Spark sums, and what the law of taste makes of it on an executor."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pytest
from numpy.typing import NDArray

from headrace.domain.panes import DAY_MS
from headrace.domain.taste import taste_of
from headrace.learn.acts import acts_of
from headrace.learn.matrix import index_items
from headrace.learn.people import map_people, profiles

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

    from headrace.learn.retrieval import Profile

pytestmark = pytest.mark.spark

EVENTS = "person string, item_id string, category string, weight_milli long, occurred_at long"
TODAY = 20_000 * DAY_MS


def rounded(strength: NDArray[np.float32]) -> list[float]:
    return strength.astype(np.float64).round(3).tolist()


def test_a_day_is_one_sum_whatever_its_events_and_everyone_gets_their_own_taste(spark: SparkSession) -> None:
    rows = [
        ("u:a", "x", "kitchen", 1_000, TODAY + 5),
        ("u:a", "x", "kitchen", 3_000, TODAY + 7),
        ("u:a", "x", "kitchen", 5_000, TODAY - 1),  # the day before
        ("u:a", "x", "sport", -1_000, TODAY + 6),  # the same item under another name of its category
        ("u:a", "y", None, -3_000, TODAY + 6),
        ("u:a", "x", "kitchen", 0, TODAY + DAY_MS),  # an impression says nothing, not when either
        ("u:b", None, "kitchen", 2_000, TODAY),
        ("u:b", "gone", "sport", 1_000, TODAY - 21 * DAY_MS),  # not in this index
        ("u:c", "x", "kitchen", 0, TODAY),
    ]
    events = spark.createDataFrame(rows, EVENTS)
    index = index_items(spark, spark.createDataFrame([("x",), ("y",)], "item_id string"))
    acts = acts_of(events, index)

    cells = {row["person"]: [tuple(cell) for cell in row["acts"]] for row in acts.collect()}
    assert cells == {
        "u:a": [
            (20_000, 0, "kitchen", 4_000, TODAY + 7),
            (20_000, 0, "sport", -1_000, TODAY + 6),
            (20_000, 1, "unknown", -3_000, TODAY + 6),
            (19_999, 0, "kitchen", 5_000, TODAY - 1),
        ],
        "u:b": [(20_000, -1, "kitchen", 2_000, TODAY), (19_979, -1, "sport", 1_000, TODAY - 21 * DAY_MS)],
    }

    def tastes(persons: list[str], of: list[Profile]) -> pa.RecordBatch:
        made = [taste_of(profile.acts, TODAY) for profile in of]
        told = [
            str(
                (taste.categories, rounded(taste.category_strength), taste.items.tolist(), rounded(taste.item_strength))
            )
            for taste in made
        ]
        return pa.RecordBatch.from_arrays([pa.array(persons), pa.array(told)], ["person", "told"])

    nothing = spark.createDataFrame([], "person string, item int, strength float, n long, last_ms long")
    nobody = spark.createDataFrame([], "person string, factors array<float>")
    everyone = profiles(events.coalesce(1), nothing, nobody, acts).coalesce(1)
    told = {
        row["person"]: row["told"] for row in map_people(everyone, 1, tastes, "person string, told string").collect()
    }
    # u:a in the kitchen: 4 of today and 5·2^(−1/21) = 4.838 of yesterday; on x all three, −1 among them.
    assert told == {
        "u:a": "(('kitchen', 'sport'), [8.838, -1.0], [0, 1], [7.838, -3.0])",
        "u:b": "(('kitchen', 'sport'), [2.0, 0.5], [], [])",
        "u:c": "((), [], [], [])",
    }
