"""What training reads of a ledger: which version, which rows of it, what each row says."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest

from headrace.domain.events import KINDS
from headrace.domain.strength import KIND_CODE, neutral_value_milli, strengths
from headrace.errors import BadInput
from headrace.learn.history import one_row_per_event, pin, read_history, weighed
from tests.learn.ledger import T0, Row, append

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

pytestmark = pytest.mark.spark


def test_a_pinned_version_does_not_see_what_came_later(spark: SparkSession, tmp_path: Path) -> None:
    append(tmp_path, [Row("u:a", "x")])
    append(tmp_path, [Row("u:b", "y")], first_offset=1)
    first = pin(spark, str(tmp_path), 0, None, None)
    newest = pin(spark, str(tmp_path), None, None, None)
    assert (first.version, newest.version) == (0, 1)
    assert [row["person"] for row in read_history(spark, str(tmp_path), first).collect()] == ["u:a"]
    assert read_history(spark, str(tmp_path), newest).count() == 2


def test_as_of_pins_the_version_that_was_the_newest_then(spark: SparkSession, tmp_path: Path) -> None:
    append(tmp_path, [Row("u:a", "x")])
    history = spark.sql(f"DESCRIBE HISTORY delta.`{tmp_path}`").selectExpr("unix_millis(timestamp) AS ms").first()
    assert history is not None
    made_ms = int(history["ms"])
    assert pin(spark, str(tmp_path), None, made_ms, None).version == 0
    with pytest.raises(BadInput, match=f"no version as old as {made_ms - 1} ms"):
        pin(spark, str(tmp_path), None, made_ms - 1, None)


def test_a_version_that_is_not_there_is_named(spark: SparkSession, tmp_path: Path) -> None:
    append(tmp_path, [Row("u:a", "x")])
    with pytest.raises(BadInput, match="has no version 7"):
        pin(spark, str(tmp_path), 7, None, None)


def test_without_a_ledger_there_is_nothing_to_train_on(spark: SparkSession, tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="nothing to train on: there is no ledger"):
        pin(spark, str(tmp_path / "none"), None, None, None)


def test_an_interval_ends_by_receipt_not_by_occurrence(spark: SparkSession, tmp_path: Path) -> None:
    append(tmp_path, [Row("u:a", "x"), Row("u:b", "x", received_later_ms=60_000), Row("u:c", "x", days=1)])
    until = pin(spark, str(tmp_path), None, None, T0 + 60_000)
    assert [row["person"] for row in read_history(spark, str(tmp_path), until).collect()] == ["u:a"]


def test_the_first_of_a_duplicate_counts_and_another_moment_is_another_event(
    spark: SparkSession, tmp_path: Path
) -> None:
    append(
        tmp_path,
        [
            Row("u:a", "x", event_id="1"),
            Row("u:a", "z", event_id="1"),  # the same key: does not count, whatever it says
            Row("u:a", "y", event_id="1", days=1),
            Row("u:b", "y", event_id="1"),
        ],
    )
    rows = one_row_per_event(read_history(spark, str(tmp_path), pin(spark, str(tmp_path), None, None, None)))
    assert sorted((row["person"], row["item_id"]) for row in rows.collect()) == [
        ("u:a", "x"),
        ("u:a", "y"),
        ("u:b", "y"),
    ]


def test_weights_are_the_law_of_strength_in_thousandths(spark: SparkSession) -> None:
    values = [None, 0, 500, 2_000, 4_500, 30_000_000, 9_000_000_000]
    cases = [(kind, value) for kind in KINDS for value in values]
    rows = [("u:a", str(n), 0, 0, kind, "x", value, None, None, None, None) for n, (kind, value) in enumerate(cases)]
    times, place = "occurred_at long, received_at long", "lat double, lon double, tz_offset_min long"
    item = "item_id string, value_milli long, category string"
    columns = f"person string, event_id string, {times}, kind string, {item}, {place}"
    found = {
        int(row["event_id"]): row["weight_milli"] for row in weighed(spark.createDataFrame(rows, columns)).collect()
    }
    law = strengths(
        np.array([KIND_CODE[kind] for kind, _ in cases]),
        np.array([neutral_value_milli(kind) if value is None else value for kind, value in cases]),
    )
    expected = np.floor(law * 1000 + 0.5).astype(int).tolist()
    assert {cases[n]: weight for n, weight in found.items()} == dict(zip(cases, expected, strict=True))
