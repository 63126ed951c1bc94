"""What a training needs around it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from headrace.learn.lineage import lineage_cut

if TYPE_CHECKING:
    from pyspark.sql import SparkSession


@pytest.fixture
def lineage(spark: SparkSession, tmp_path: Path) -> Iterator[None]:
    """A place for ALS to cut its lineage; it is empty again afterwards."""
    folder = tmp_path / "lineage"
    with lineage_cut(spark, folder.as_uri()):
        yield
    assert list(folder.iterdir()) == []
