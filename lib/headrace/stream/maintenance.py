"""Compaction and clean-up of Delta tables. Paths in, figures out; no settings and no schedule."""

from __future__ import annotations

from dataclasses import dataclass

from delta.tables import DeltaTable
from pyspark.sql import SparkSession


@dataclass(frozen=True, slots=True)
class Upkeep:
    """One table before and after: live data files, and their bytes."""

    table: str
    files_before: int
    files_after: int
    bytes_before: int
    bytes_after: int


def maintain_table(spark: SparkSession, name: str, path: str) -> Upkeep | None:
    """OPTIMIZE, then VACUUM by the table's own retention property; None where there is no table at `path`.

    Appends of running streams never conflict with it, and files that a stream may still read are younger than
    the retention.
    """
    if not DeltaTable.isDeltaTable(spark, path):
        return None
    table = DeltaTable.forPath(spark, path)
    files_before, bytes_before = _size(table)
    table.optimize().executeCompaction()
    table.vacuum()
    files_after, bytes_after = _size(table)
    return Upkeep(name, files_before, files_after, bytes_before, bytes_after)


def _size(table: DeltaTable) -> tuple[int, int]:
    detail = table.detail().select("numFiles", "sizeInBytes").first()
    if detail is None:
        raise LookupError("DESCRIBE DETAIL returned no row")
    return int(detail["numFiles"]), int(detail["sizeInBytes"])
