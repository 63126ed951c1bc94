"""What becomes of a table, or a query's state, that an older version of this code made. It deletes and moves nothing.

A new column is added, null in every row that is there. A column that this version does not know stays, null in every
row that comes. Anything else is refused: reading old rows as something else would be worse than stopping.
"""

from __future__ import annotations

from typing import Final

from delta.tables import DeltaTable
from pyspark.sql import SparkSession
from pyspark.sql.types import StructField, StructType

from headrace.errors import SchemaMismatch

_WAY_OUT: Final = (
    "run the version that made it, or move the folder {path} away and start its query from nothing"
    " (docs/running.md, When a schema changes)"
)


def add_new_columns(
    spark: SparkSession, name: str, path: str, schema: StructType, partitioned_by: str | None = None
) -> None:
    """Give table `name` the columns of `schema` that it lacks. Raises SchemaMismatch, and then changes nothing."""
    # Not detail(): that counts the table's files, a Spark job over its whole log.
    partition = ", ".join(column.name for column in spark.catalog.listColumns(f"delta.`{path}`") if column.isPartition)
    if partition != (partitioned_by or ""):
        raise SchemaMismatch(
            f"table {name}: it is partitioned by {partition or 'nothing'}, this version writes it by "
            f"{partitioned_by or 'nothing'}: {_WAY_OUT.format(path=path)}"
        )
    columns = new_columns(name, path, DeltaTable.forPath(spark, path).toDF().schema, schema)
    if columns:
        listed = ", ".join(_definition(column) for column in columns)
        spark.sql(f"ALTER TABLE delta.`{path}` ADD COLUMNS ({listed})")


def new_columns(name: str, path: str, found: StructType, wanted: StructType) -> tuple[StructField, ...]:
    """Columns of `wanted` that `found` lacks, in their order. Raises SchemaMismatch for one of another type."""
    types = {column.name: column.dataType for column in found}
    for column in wanted:
        if types.get(column.name, column.dataType) != column.dataType:
            raise SchemaMismatch(
                f"table {name}: column {column.name} is {types[column.name].simpleString()} there and "
                f"{column.dataType.simpleString()} in this version: {_WAY_OUT.format(path=path)}"
            )
    return tuple(column for column in wanted if column.name not in types)


def _definition(column: StructField) -> str:
    comment = column.metadata.get("comment", "").replace("\\", "\\\\").replace("'", "\\'")
    return f"`{column.name}` {column.dataType.simpleString()} COMMENT '{comment}'"


def refused_state(writer: str, error: str, world: str) -> str | None:
    """One line for what Spark says where a checkpoint's state is not this version's; None for any other error.

    `error` is all that it says: the condition may be on the line of a cause.
    """
    condition = next((name for name in _STATE_CONDITIONS if name in error), None)
    if condition is None:
        return None
    return (
        f"{writer}: its checkpoint holds state of another version of this query ({condition}): run that version, or let"
        f" it begin anew: headrace up --world {world} --forget {writer}"
    )


_STATE_CONDITIONS: Final = (
    "STATE_STORE_KEY_SCHEMA_NOT_COMPATIBLE",
    "STATE_STORE_VALUE_SCHEMA_NOT_COMPATIBLE",
    "STATE_STORE_COLUMN_FAMILY_SCHEMA_INCOMPATIBLE",
    "STREAMING_STATEFUL_OPERATOR_NOT_MATCH_IN_STATE_METADATA",
)
"""Spark's own names for it; tests/stream/test_evolution.py makes one of them happen."""
