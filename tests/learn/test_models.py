"""Each model on a matrix small enough to fit by hand."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
import pytest

from headrace.domain.panes import DAY_MS
from headrace.learn.als import AlsSettings, factorise
from headrace.learn.holdout import cut_of, hold_out
from headrace.learn.item_to_item import neighbours
from headrace.learn.matrix import PAIRS, ItemIndex, index_items, interactions
from headrace.learn.popularity import popularity

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

pytestmark = pytest.mark.spark

EVENTS = "person string, item_id string, weight_milli long, occurred_at long"
HOUR = 3_600_000


def index(spark: SparkSession, *items: str) -> ItemIndex:
    return index_items(spark, spark.createDataFrame([(item,) for item in items], "item_id string"))


def pairs(spark: SparkSession, *rows: tuple[str, int, int]) -> DataFrame:
    """(person, item, last_ms) with strength 1."""
    return spark.createDataFrame([(person, item, 1.0, 1, last_ms) for person, item, last_ms in rows], PAIRS)


def test_items_are_numbered_in_code_point_order_each_once(spark: SparkSession) -> None:
    known = spark.createDataFrame([("b",), ("ü",), ("Z",), (None,), ("b",), ("10",), ("9",)], "item_id string")
    assert index_items(spark, known).items == ("10", "9", "Z", "b", "ü")


def test_pairs_sum_what_was_said_and_leave_out_what_speaks_against(spark: SparkSession) -> None:
    events = spark.createDataFrame(
        [
            ("u:a", "x", 5_000, 10),
            ("u:a", "x", 1_000, 30),
            ("u:a", "x", -1_000, 40),  # a skip: lowers the sum, is no positive event
            ("u:a", "y", 1_000, 10),
            ("u:a", "y", -3_000, 20),  # hidden: the pair is gone
            ("u:b", "y", 0, 10),  # an impression says nothing
            ("u:b", None, 1_000, 10),
        ],
        EVENTS,
    )
    rows = interactions(events, index(spark, "x", "y"), "kind").collect()
    assert [(row["person"], row["item"], row["n"], row["last_ms"]) for row in rows] == [("u:a", 0, 2, 30)]
    assert rows[0]["strength"] == pytest.approx(math.log1p(5.0))
    binary = interactions(events, index(spark, "x", "y"), "binary").collect()
    assert [row["strength"] for row in binary] == [1.0]


def test_item_to_item_is_a_shrunk_cosine(spark: SparkSession) -> None:
    # a: 0 1 2 · b: 0 1 · c: 0.  People: 0 has 3, 1 has 2, 2 has 1.  Together: 01 twice, 02 once, 12 once.
    rows = pairs(spark, ("a", 0, 1), ("a", 1, 2), ("a", 2, 3), ("b", 0, 1), ("b", 1, 2), ("c", 0, 1))
    near = neighbours(rows, 4, 2)
    zero_one, zero_two, one_two = 2 / (math.sqrt(6) + 10), 1 / (math.sqrt(3) + 10), 1 / (math.sqrt(2) + 10)
    assert near.items.tolist() == [[1, 2], [0, 2], [1, 0], [-1, -1]]
    expected = [[zero_one, zero_two], [zero_one, one_two], [one_two, zero_two], [0, 0]]
    assert near.scores == pytest.approx(np.array(expected), abs=1e-7)
    assert near.items.dtype == np.int32
    assert near.scores.dtype == np.float32


def test_ties_among_neighbours_go_to_more_people_then_to_the_smaller_index(spark: SparkSession) -> None:
    # 0 meets 1, 2 and 3 once each; each of those has one person, so all three tie.
    tied = neighbours(pairs(spark, ("a", 0, 1), ("a", 3, 2), ("a", 2, 3), ("a", 1, 4)), 4, 2)
    assert tied.items[0].tolist() == [1, 2]


def test_only_a_persons_newest_items_make_pairs(spark: SparkSession) -> None:
    rows = pairs(spark, ("a", 0, 1), ("a", 1, 2), ("a", 2, 3), ("b", 0, 1), ("b", 1, 1))
    near = neighbours(rows, 3, 2, newest=2)
    # a's newest two are 1 and 2. b has 0 and 1. So 0 and 2 never meet.
    assert near.items.tolist() == [[1, -1], [0, 2], [1, -1]]


def test_nobody_with_two_items_means_no_neighbours(spark: SparkSession) -> None:
    assert neighbours(pairs(spark, ("a", 0, 1)), 1, 3).items.tolist() == [[-1, -1, -1]]


def test_popularity_is_distinct_people_of_the_last_thirty_days(spark: SparkSession) -> None:
    clock = 100 * DAY_MS
    events = spark.createDataFrame(
        [
            ("u:a", "x", 1_000, clock),
            ("u:a", "x", 1_000, clock - 1),  # the same person again
            ("u:b", "x", 1_000, clock - 30 * DAY_MS + 1),
            ("u:c", "x", 1_000, clock - 30 * DAY_MS),  # thirty days ago to the millisecond: outside
            ("u:d", "x", -1_000, clock),
            ("u:d", "y", 0, clock),
        ],
        EVENTS,
    )
    assert popularity(events, index(spark, "x", "y", "z"), clock).tolist() == [2, 0, 0]


def test_als_gives_people_of_one_taste_items_of_that_taste(spark: SparkSession, lineage: None) -> None:
    taste = [(f"u:{n}", item, 1) for n in range(6) for item in ((0, 1, 2) if n % 2 else (3, 4, 5)) if item % 3 != n % 3]
    settings = AlsSettings(rank=2, iterations=5, regularisation=0.1, alpha=1.0, seed=1, blocks=2)
    factors = factorise(pairs(spark, *taste), 7, settings)
    people = {row["person"]: np.array(row["factors"]) for row in factors.people.collect()}
    assert sorted(people) == [f"u:{n}" for n in range(6)]
    scores = factors.items @ people["u:1"]
    assert min(scores[:3]) > max(scores[3:6])
    assert factors.items[6].tolist() == [0.0, 0.0]


def test_als_of_nobody_is_no_factors(spark: SparkSession) -> None:
    settings = AlsSettings(rank=2, iterations=5, regularisation=0.1, alpha=1.0, seed=1, blocks=2)
    factors = factorise(pairs(spark), 3, settings)
    assert factors.people.count() == 0
    assert factors.items.tolist() == [[0, 0]] * 3


def test_the_cut_leaves_at_most_a_tenth_of_the_positive_events_after_it(spark: SparkSession) -> None:
    events = [("u:a", "x", 1_000, hour * HOUR + 5) for hour in range(20)] + [("u:a", "x", 0, 90 * HOUR)]
    # 20 positive events, one an hour: [18 h, ∞) holds two of them, a tenth.
    assert cut_of(spark.createDataFrame(events, EVENTS)) == 18 * HOUR
    assert cut_of(spark.createDataFrame(events[-1:], EVENTS)) is None
    assert cut_of(spark.createDataFrame(events[:1], EVENTS)) == HOUR


def test_held_out_are_the_choices_after_the_cut_of_people_known_before_it(spark: SparkSession) -> None:
    events = spark.createDataFrame(
        [
            ("u:a", "x", 1_000, 1),
            ("u:a", "y", 1_000, 10),
            ("u:a", "y", 1_000, 11),
            ("u:a", "z", -1_000, 11),
            ("u:b", "x", 1_000, 10),  # unknown before
            ("u:c", "x", 1_000, 9),  # nothing after
            ("u:d", "x", 0, 1),  # nothing positive before
            ("u:d", "x", 1_000, 12),
        ],
        EVENTS,
    )
    held = hold_out(events, index(spark, "x", "y", "z"), 10)
    assert held.people == 1
    assert [(row["person"], row["relevant"]) for row in held.relevant.collect()] == [("u:a", [1])]
    assert held.before.count() == 3
