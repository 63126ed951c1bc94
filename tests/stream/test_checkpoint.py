"""A broken checkpoint is refused before its query starts, with the way out."""

from __future__ import annotations

from pathlib import Path

import pytest
from pyspark.sql import SparkSession

from headrace.errors import CheckpointLost
from headrace.stream.checkpoint import is_whole, refuse_broken

PLANNED = 'v1\n{"batchWatermarkMs":0,"conf":{}}\n{"main.events.clean":{"0":7}}'


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("12", PLANNED),
        ("12", 'v1\n{"nextBatchWatermarkMs":0}'),
        ("12", "v1\n{}\n-"),
        ("12", "v9\nwhatever"),
        ("metadata", '{"id":"a"}'),
    ],
)
def test_what_spark_writes_is_whole(name: str, text: str) -> None:
    assert is_whole(text, name)


@pytest.mark.parametrize(("name", "text"), [("12", PLANNED[:-9]), ("12", "v1"), ("12", ""), ("metadata", '{"id')])
def test_half_a_file_is_not(name: str, text: str) -> None:
    assert not is_whole(text, name)


@pytest.mark.spark
def test_the_newest_files_decide_and_the_message_names_file_and_remedy(spark: SparkSession, tmp_path: Path) -> None:
    folder = tmp_path / "hot-v1"
    refuse_broken(spark, str(folder), "hot-v1")  # a first start
    (folder / "offsets").mkdir(parents=True)
    (folder / "metadata").write_text('{"id":"a"}', encoding="utf-8")
    (folder / "offsets" / "9").write_text("", encoding="utf-8")
    (folder / "offsets" / "10").write_text(PLANNED, encoding="utf-8")
    refuse_broken(spark, str(folder), "hot-v1")
    (folder / "offsets" / "10").write_text(PLANNED[:-9], encoding="utf-8")
    with pytest.raises(CheckpointLost, match=r"hot-v1: .*offsets/10 is broken: .*--forget hot-v1"):
        refuse_broken(spark, str(folder), "hot-v1")
