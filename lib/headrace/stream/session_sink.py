"""Puts finished sessions into Cassandra, from the executors. Idempotent: whole rows under a growing timestamp."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Final

import pyarrow as pa
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from headrace.domain.events import Person
from headrace.settings import Cassandra
from headrace.stores.ports import SessionRow, Stores
from headrace.stream.patience import patiently
from headrace.stream.schemas import SESSIONS

WRITTEN: Final = "sessions long"
_FEATURES: Final = tuple(name for name in SESSIONS.names if name != "event_date")


def put_sessions(sessions: DataFrame, cassandra: Cassandra, keyspace: str, write_us: int) -> None:
    """Write rows of SESSIONS; their features are JSON with the table's column names. All are durable on return."""
    features = F.to_json(F.struct(*_FEATURES)).alias("features")
    rows = sessions.select("person", "started_ms", "session_id", features)
    write = partial(_put_batches, cassandra=cassandra, keyspace=keyspace, write_us=write_us)
    rows.mapInArrow(write, WRITTEN).write.format("noop").mode("overwrite").save()


def _put_batches(
    batches: Iterator[pa.RecordBatch], *, cassandra: Cassandra, keyspace: str, write_us: int
) -> Iterator[pa.RecordBatch]:
    for batch in batches:
        if batch.num_rows:
            patiently(cassandra, keyspace, partial(put_batch, batch=batch, write_us=write_us))
            yield pa.RecordBatch.from_pydict({"sessions": [batch.num_rows]})


async def put_batch(stores: Stores, batch: pa.RecordBatch, write_us: int) -> None:
    """Write one Arrow batch of (person, started_ms, session_id, features)."""
    columns = (batch.column(name).to_pylist() for name in ("person", "started_ms", "session_id", "features"))
    rows = [SessionRow(Person(person), *rest) for person, *rest in zip(*columns, strict=True)]
    await stores.sessions.put(rows, write_us)
