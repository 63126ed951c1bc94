"""Rows into a store, from the executors, each Arrow batch by a function of its own. Nothing comes to the driver."""

from __future__ import annotations

from collections.abc import Coroutine, Iterable, Iterator
from functools import partial
from typing import Any, Final, Protocol

import pyarrow as pa
from pyspark.sql import DataFrame

from headrace.failpoints import Failpoint, arm, armed, reach
from headrace.settings import Cassandra
from headrace.stores.ports import Stores
from headrace.stream.patience import patiently

WRITTEN: Final = "written long"


class Put(Protocol):
    """Writes one batch. May be called again with the same one, so it is idempotent; it travels to the executors."""

    def __call__(self, stores: Stores, batch: pa.RecordBatch) -> Coroutine[Any, Any, None]: ...


def put_rows(rows: DataFrame, cassandra: Cassandra, keyspace: str, put: Put) -> None:
    """`put` every batch of the rows; all are durable on return. Raises StoreUnavailable, late."""
    write = partial(put_batches, cassandra=cassandra, keyspace=keyspace, put=put, failing=armed())
    rows.mapInArrow(write, WRITTEN).write.format("noop").mode("overwrite").save()


def put_batches(
    batches: Iterable[pa.RecordBatch],
    *,
    cassandra: Cassandra,
    keyspace: str,
    put: Put,
    failing: Failpoint | None = None,
) -> Iterator[pa.RecordBatch]:
    """What runs on an executor; gives how many rows each batch had. `failing` is what the driver has armed."""
    arm(failing)
    for batch in batches:
        if batch.num_rows:
            reach("sink.before_put")
            patiently(cassandra, keyspace, partial(put, batch=batch))
            reach("sink.after_put")
            yield pa.RecordBatch.from_pydict({"written": [batch.num_rows]})
