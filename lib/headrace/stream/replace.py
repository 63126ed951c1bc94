"""Rows of a Delta table replaced by others, in one commit. Which rows, and by what, is the caller's."""

from __future__ import annotations

from delta.exceptions import DeltaConcurrentModificationException
from pyspark.sql import DataFrame, SparkSession

from headrace.errors import PartFailed


def replace_rows(spark: SparkSession, path: str, which: str, keys: DataFrame, rows: DataFrame) -> None:
    """Of the rows of the table at `path` for which the SQL `which` holds, those of `keys` are gone and `rows` there.

    `which` names closed rows only: what a stream appended meanwhile would be lost. Every one of `rows` satisfies it.
    Streams that read the table with skipChangeCommits do not see the change. Raises PartFailed, with the table as it
    was, where a compaction or another writer of these rows came in between.
    """
    table = spark.read.format("delta").load(path).where(which)
    others = table.join(keys, keys.columns, how="left_anti").select(*table.columns)
    try:
        (
            others.unionByName(rows)
            .write.format("delta")
            .mode("overwrite")
            .option("replaceWhere", which)
            .option("userMetadata", "headrace backfill")
            .save(path)
        )
    except DeltaConcurrentModificationException as error:
        raise PartFailed(f"{path}: somebody else changed these rows at the same time; run it again") from error
