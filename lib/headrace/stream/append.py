"""Delta's own streaming sink: one append per batch, once, under the identity of the query's checkpoint."""

from __future__ import annotations

from typing import Final

from pyspark.sql import DataFrame
from pyspark.sql.streaming.query import StreamingQuery

from headrace.errors import TableFilled
from headrace.settings import Settings
from headrace.stream.checkpoint import has_begun
from headrace.stream.tables import TABLES

LATEST_WINS: Final = ("catalogue", "users")
"""Tables of changes, in order: the same change again changes nothing."""


def append_to_table(rows: DataFrame, settings: Settings, query: str, table: str, trigger: str) -> StreamingQuery:
    """Start `query` ("ledger-v1"), which appends to `table` (made before, see tables.py) every `trigger`.

    Raises TableFilled: to Delta another checkpoint is another writer, so rows that are there would come again.
    """
    _refuse_filled(rows, settings, query, table)
    writer = (
        rows.select(*TABLES[table].schema.names)
        .writeStream.queryName(query.rpartition("-")[0])
        .format("delta")
        .outputMode("append")
        .option("checkpointLocation", settings.checkpoint(query))
        .trigger(processingTime=trigger)
    )
    partition = TABLES[table].partitioned_by
    return (writer.partitionBy(partition) if partition else writer).start(settings.table(table))


def _refuse_filled(rows: DataFrame, settings: Settings, query: str, table: str) -> None:
    spark, path = rows.sparkSession, settings.table(table)
    if table in LATEST_WINS or has_begun(spark, settings.checkpoint(query)):
        return
    if not spark.read.format("delta").load(path).isEmpty():
        raise TableFilled(
            f"{query} has no checkpoint to go on from and would begin anew, but table {table} has rows already, which "
            f"would be there twice: move the folder {path} away and start again; or bring its checkpoint back "
            "(docs/running.md: Leases and checkpoints)"
        )
