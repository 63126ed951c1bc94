"""Upkeep of Delta tables: old rows out, small files together, unread files off the disk. No settings, no schedule.

The streams that append never conflict with it: they add files, and what they read of a table skips commits that
change some (skipChangeCommits). Nothing is clustered by person: no reader asks a table for one person yet.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final
from urllib.parse import unquote

from delta.tables import DeltaTable
from pyspark.sql import SparkSession

CROWDED: Final = 10
"""Files in one partition. Every closed day that has been compacted has one, unless it is large, and is left alone;
the open one has thousands at the ledger's pace, and would make each checkpoint of the log as long."""


@dataclass(frozen=True, slots=True)
class Upkeep:
    """One table before and after: live data files, and their bytes; rows deleted for their age."""

    table: str
    files_before: int
    files_after: int
    bytes_before: int
    bytes_after: int
    rows_deleted: int


def maintain_table(spark: SparkSession, name: str, path: str, too_old: str | None = None) -> Upkeep | None:
    """Delete the rows that are `too_old` (SQL), compact crowded partitions, VACUUM; None where there is no table.

    VACUUM goes by the table's own retention property: files that a slow stream or a pinned version may still read are
    younger than that. Every step may be repeated, and does nothing the second time.
    """
    if not DeltaTable.isDeltaTable(spark, path):
        return None
    table = DeltaTable.forPath(spark, path)
    files_before, bytes_before = _size(table)
    deleted = 0 if too_old is None else _delete(spark, path, too_old)
    for where in crowded_partitions(spark.read.format("delta").load(path).inputFiles()):
        (table.optimize().where(where) if where else table.optimize()).executeCompaction()
    table.vacuum()
    files_after, bytes_after = _size(table)
    return Upkeep(name, files_before, files_after, bytes_before, bytes_after, deleted)


def crowded_partitions(files: Sequence[str]) -> tuple[str, ...]:
    """SQL conditions on the partitions with at least CROWDED of these live files; '' for a table without partitions.

    >>> crowded_partitions(["file:/lake/e/day=2026-01-01/a.parquet"] * 9 + ["file:/lake/e/day=2026-01-02/a"] * 10)
    ("day = '2026-01-02'",)
    """
    of_partition = Counter(_condition(file) for file in files)
    return tuple(sorted(where for where, count in of_partition.items() if count >= CROWDED))


def _condition(file: str) -> str:
    column, equals, value = unquote(file.rsplit("/", 2)[-2]).partition("=")
    if not equals:
        return ""
    return f"{column} IS NULL" if value == "__HIVE_DEFAULT_PARTITION__" else f"{column} = '{value}'"


def _delete(spark: SparkSession, path: str, too_old: str) -> int:
    """Rows deleted; where there is none, nothing is committed. Of whole days it reads the log only."""
    answer = spark.sql(f"DELETE FROM delta.`{path}` WHERE {too_old}").first()
    return 0 if answer is None else int(answer["num_affected_rows"])


def _size(table: DeltaTable) -> tuple[int, int]:
    detail = table.detail().select("numFiles", "sizeInBytes").first()
    if detail is None:
        raise LookupError("DESCRIBE DETAIL returned no row")
    return int(detail["numFiles"]), int(detail["sizeInBytes"])
