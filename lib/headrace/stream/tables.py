"""The Delta tables that the stream writes: schema, comment, partition and properties of each, made before first use.

Not here: their contents (ledger, finals, archive), what a newer schema does to a table that is there (evolution),
compaction and clean-up (maintenance).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from delta.tables import DeltaTable
from pyspark.sql import SparkSession
from pyspark.sql.types import StructType

from headrace.stream.evolution import add_new_columns
from headrace.stream.schemas import CATALOGUE, DECISIONS, EVENTS, REJECTED, SESSIONS, USER_WINDOWS, USERS


@dataclass(frozen=True, slots=True)
class Table:
    """`retention_days`: how long a version that was replaced can still be read, for time travel and slow streams.

    Of how long its rows are kept, the settings say (`keep`).
    """

    schema: StructType
    comment: str
    partitioned_by: str | None
    retention_days: int

    @property
    def properties(self) -> Mapping[str, str]:
        """What Delta is told of it."""
        return {
            "delta.deletedFileRetentionDuration": f"interval {self.retention_days} days",
            "delta.logRetentionDuration": f"interval {self.retention_days} days",
        }


# Delta lists the whole folder of the log at each commit, and cleans it up by whole days: a table with a commit every
# five seconds gains 17,280 entries a day. Three days: a weekend in which the finals stand still, a training done again.
_FAST, _SLOW = 3, 30

TABLES: Final = {
    "events": Table(
        EVENTS, "The ledger: every record of events.clean, late and redelivered ones too", "event_date", _FAST
    ),
    "rejected": Table(
        REJECTED, "Every raw record that is no event, with its bytes and the reason", "rejected_date", _FAST
    ),
    "user_windows": Table(USER_WINDOWS, "Final windows of each person, category and content type", "event_date", _SLOW),
    "sessions": Table(SESSIONS, "Finished sessions of each person", "event_date", _SLOW),
    "decisions": Table(DECISIONS, "What was answered, and the facts it was decided on", "decision_date", _FAST),
    "catalogue": Table(CATALOGUE, "Every change of an item, in order", None, _SLOW),
    "users": Table(USERS, "Every change of a user's profile, in order", None, _SLOW),
}
"""Table name → what it is, in the order in which the stream fills them."""


def create_tables(spark: SparkSession, paths: Mapping[str, str]) -> None:
    """Make each table (name → path) that is missing, empty; bring one that an older version made up to date.

    Columns are added, properties set, and nothing else changes. Raises SchemaMismatch.
    """
    for name, path in paths.items():
        table = TABLES[name]
        if DeltaTable.isDeltaTable(spark, path):
            add_new_columns(spark, name, path, table.schema, table.partitioned_by)
            _set_properties(spark, path, table.properties)
            continue
        builder = DeltaTable.createIfNotExists(spark).location(path).addColumns(table.schema).comment(table.comment)
        for key, value in table.properties.items():
            builder = builder.property(key, value)
        (builder.partitionedBy(table.partitioned_by) if table.partitioned_by else builder).execute()


def _set_properties(spark: SparkSession, path: str, wanted: Mapping[str, str]) -> None:
    """A commit only where one differs: streams that read the table look at every commit."""
    found = {row["key"]: row["value"] for row in spark.sql(f"SHOW TBLPROPERTIES delta.`{path}`").collect()}
    changed = {key: value for key, value in wanted.items() if found.get(key) != value}
    if changed:
        listed = ", ".join(f"'{key}' = '{value}'" for key, value in changed.items())
        spark.sql(f"ALTER TABLE delta.`{path}` SET TBLPROPERTIES ({listed})")
