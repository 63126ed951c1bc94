"""Delta's own streaming sink: one append per batch, once, under the identity of the query's checkpoint."""

from __future__ import annotations

from pyspark.sql import DataFrame
from pyspark.sql.streaming.query import StreamingQuery

from headrace.settings import Settings
from headrace.stream.tables import TABLES


def append_to_table(rows: DataFrame, settings: Settings, query: str, table: str, trigger: str) -> StreamingQuery:
    """Start `query` ("ledger-v1"), which appends to `table` (made before, see tables.py) every `trigger`."""
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
