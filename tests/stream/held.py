"""Held over memory stores, by the functions that executors run: everything on the driver, for tests."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from typing import Any

import pyarrow as pa
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql.types import StructType

from headrace.stores.memory import MemoryStores
from headrace.stream import held, pane_sink, session_sink
from headrace.stream.session_islands import SESSION_KEY
from headrace.stream.session_sink import session_rows
from headrace.stream.settled import Hours


@dataclass
class MemoryHeld:
    spark: SparkSession
    stores: MemoryStores = field(default_factory=MemoryStores)
    write_us: int = 0

    def panes(self, hours: Hours) -> DataFrame:
        asked = [
            held.pane_rows(part, self.stores, from_ms=hours.from_ms, to_ms=hours.to_ms) for part in range(held.PARTS)
        ]
        return self._rows([asyncio.run(each) for each in asked], held.PANE_ROWS)

    def counts(self, owners: DataFrame) -> DataFrame:
        names = [row.owner for row in owners.collect()]
        return self._rows([asyncio.run(held.count_rows(name, self.stores)) for name in names], held.COUNT_ROWS)

    def put_panes(self, rows: DataFrame) -> None:
        self._put(rows, pane_sink.put_batch)

    def remove_panes(self, rows: DataFrame) -> None:
        self._put(rows.select(*held.PANE_KEY), held.remove_panes)

    def put_counts(self, rows: DataFrame) -> None:
        self._put(rows, held.put_counts)

    def put_sessions(self, rows: DataFrame) -> None:
        self._put(session_rows(rows), session_sink.put_batch)

    def remove_sessions(self, rows: DataFrame) -> None:
        self._put(rows.select(*SESSION_KEY), held.remove_sessions)

    def _put(self, rows: DataFrame, put: Callable[..., Coroutine[Any, Any, None]]) -> None:
        self.write_us += 1
        for batch in rows.toArrow().to_batches():
            asyncio.run(put(self.stores, batch, self.write_us))

    def _rows(self, batches: list[pa.RecordBatch], schema: StructType) -> DataFrame:
        rows = [row for batch in batches for row in batch.to_pylist()]
        return self.spark.createDataFrame([tuple(row[name] for name in schema.names) for row in rows], schema)
