from __future__ import annotations

from collections.abc import Iterator

import pytest
from pyspark.sql import SparkSession

from headrace.stream.tuning import tune


@pytest.fixture
def tuned(spark: SparkSession) -> Iterator[SparkSession]:
    """The shared session as the features program sets it up; as it was before, afterwards."""
    before = {key: spark.conf.get(key) for key in ("spark.sql.ansi.enabled", "spark.sql.shuffle.partitions")}
    tune(spark, 2)
    yield spark
    for key, value in before.items():
        spark.conf.set(key, value)
