"""The two Delta tables beside the ledger: the catalogue that is read, the verdicts that are written."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from headrace.domain.catalogue import ItemMeta
from headrace.learn.catalogue import read_catalogue
from headrace.learn.evaluations import record_verdict
from headrace.learn.gate import decide
from headrace.stores.manifest import Origin

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

pytestmark = pytest.mark.spark


def test_the_newest_change_of_an_item_is_what_holds(spark: SparkSession, tmp_path: Path) -> None:
    changes = [
        ("x", '{"item_id":"x","title":"old"}', 0),
        ("x", '{"item_id":"x","title":"new","price_minor":250,"currency":"GBP"}', 3),
        ("fresh", '{"item_id":"fresh","category":"mugs","price_minor":5,"currency":"EUR"}', 1),
        ("gone", '{"item_id":"gone"}', 2),
        ("gone", None, 4),
        ("list", "[]", 5),
        ("torn", '{"title":', 6),
    ]
    columns = "item_id string, value string, catalogue_offset long"
    spark.createDataFrame(changes, columns).write.format("delta").save(str(tmp_path))
    state = read_catalogue(spark, str(tmp_path), "GBP")
    assert state.version == 0
    assert state.metas == {
        "x": ItemMeta(title="new", price_minor=250),
        "fresh": ItemMeta(category="mugs"),  # its price is in another currency than the world's
        "list": ItemMeta(),
        "torn": ItemMeta(),
    }


def test_without_a_catalogue_nothing_is_known_of_any_item(spark: SparkSession, tmp_path: Path) -> None:
    state = read_catalogue(spark, str(tmp_path / "none"), "GBP")
    assert (state.version, dict(state.metas)) == (None, {})


def test_every_verdict_is_a_row_of_its_own(spark: SparkSession, tmp_path: Path) -> None:
    origin = Origin(
        feature_set_id="f1",
        clock_ms=1_700_000_000_000,
        delta_version=7,
        interval_end_ms=None,
        parameters={},
        events=1,
        people=1,
    )
    verdict = decide(None, 3, None, 0.05, force=False)
    for version in ("m1", "m1", "m2"):
        record_verdict(spark, str(tmp_path), version, origin, verdict)
    rows = spark.read.format("delta").load(str(tmp_path)).sort("version").collect()
    assert [(row["version"], row["published"], row["delta_version"]) for row in rows] == [
        ("m1", True, 7),
        ("m1", True, 7),
        ("m2", True, 7),
    ]
    assert rows[0]["clock_date"].isoformat() == "2023-11-14"
    assert json.loads(rows[0]["verdict"])["reason"].startswith("insufficient, published: 3 people")
