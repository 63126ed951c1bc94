"""The test session is the product's: Delta in, Delta out, on two slots."""

from pathlib import Path

import pytest
from pyspark.sql import SparkSession


@pytest.mark.spark
def test_a_delta_table_is_read_back_as_written(spark: SparkSession, tmp_path: Path) -> None:
    table = str(tmp_path / "numbers")
    spark.range(3).write.format("delta").save(table)
    assert sorted(row.id for row in spark.read.format("delta").load(table).collect()) == [0, 1, 2]


@pytest.mark.spark
def test_workers_import_the_law(spark: SparkSession) -> None:
    def pane_module(_: int) -> str:
        from headrace.domain import panes  # in the worker, not here

        return panes.__name__

    assert spark.sparkContext.parallelize([0], 1).map(pane_module).collect() == ["headrace.domain.panes"]
