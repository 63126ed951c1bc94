"""The Delta tables that the stream writes: schema, comment, partition and retention of each, made before first use.

Not here: their contents (ledger, finals, archive), compaction and clean-up (maintenance).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from delta.tables import DeltaTable
from pyspark.sql import SparkSession
from pyspark.sql.types import StructType

from headrace.stream.schemas import CATALOGUE, DECISIONS, EVENTS, REJECTED, SESSIONS, USER_WINDOWS


@dataclass(frozen=True, slots=True)
class Table:
    """`retention_days`: how long a version that was replaced can still be read, for time travel and slow streams."""

    schema: StructType
    comment: str
    partitioned_by: str | None
    retention_days: int


TABLES: Final = {
    "events": Table(
        EVENTS, "The ledger: every record of events.clean, late and redelivered ones too", "event_date", 30
    ),
    "rejected": Table(
        REJECTED, "Every raw record that is no event, with its bytes and the reason", "rejected_date", 30
    ),
    "user_windows": Table(USER_WINDOWS, "Final windows of each person, category and content type", "event_date", 30),
    "sessions": Table(SESSIONS, "Finished sessions of each person", "event_date", 30),
    "decisions": Table(DECISIONS, "What was answered, and the facts it was decided on", "decision_date", 30),
    "catalogue": Table(CATALOGUE, "Every change of an item, in order", None, 30),
}
"""Table name → what it is, in the order in which the stream fills them."""


def create_tables(spark: SparkSession, paths: Mapping[str, str]) -> None:
    """Make each table (name → path) that is missing, empty; one that is there is left as it is."""
    for name, path in paths.items():
        table = TABLES[name]
        if DeltaTable.isDeltaTable(spark, path):
            continue
        builder = (
            DeltaTable.createIfNotExists(spark)
            .location(path)
            .addColumns(table.schema)
            .comment(table.comment)
            .property("delta.deletedFileRetentionDuration", f"interval {table.retention_days} days")
            .property("delta.logRetentionDuration", f"interval {table.retention_days} days")
        )
        (builder.partitionedBy(table.partitioned_by) if table.partitioned_by else builder).execute()
