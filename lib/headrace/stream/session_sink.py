"""Puts finished sessions into Cassandra, from the executors. Idempotent: whole rows under a growing timestamp."""

from __future__ import annotations

from functools import partial
from typing import Final

import pyarrow as pa
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from headrace.domain.events import Person
from headrace.domain.facts import PERSON_FACTS
from headrace.settings import Cassandra
from headrace.stores.ports import SessionRow, Stores
from headrace.stream.schemas import SESSIONS
from headrace.stream.store_sink import put_rows

_FEATURES: Final = tuple(
    name for name in SESSIONS.names if name not in ("event_date", "person", "session_id", *PERSON_FACTS)
)


def put_sessions(sessions: DataFrame, cassandra: Cassandra, keyspace: str, write_us: int) -> None:
    """Write rows of SESSIONS. All are durable on return."""
    put_rows(session_rows(sessions), cassandra, keyspace, partial(put_batch, write_us=write_us))


def session_rows(sessions: DataFrame) -> DataFrame:
    """(person, started_ms, session_id, features): domain.summary.Summary as JSON, null where there is no session_id."""
    session_id = F.nullif("session_id", F.lit("")).alias("session_id")
    told = F.struct(session_id, *_FEATURES, F.struct(*PERSON_FACTS).alias("totals"))
    features = F.to_json(told, {"ignoreNullFields": "false"}).alias("features")
    return sessions.select("person", "started_ms", "session_id", features)


async def put_batch(stores: Stores, batch: pa.RecordBatch, write_us: int) -> None:
    """Write one Arrow batch of (person, started_ms, session_id, features)."""
    columns = (batch.column(name).to_pylist() for name in ("person", "started_ms", "session_id", "features"))
    rows = [SessionRow(Person(person), *rest) for person, *rest in zip(*columns, strict=True)]
    await stores.sessions.put(rows, write_us)
