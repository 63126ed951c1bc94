"""Puts totals into Cassandra's panes and counts, from the executors. Idempotent: totals under a growing timestamp."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from functools import partial
from typing import Any

import numpy as np
import pyarrow as pa
from pyspark.sql import DataFrame

from headrace.domain.facts import COUNTS, FACTS, pack_rows, zero
from headrace.failpoints import reach
from headrace.settings import Cassandra
from headrace.stores.ports import PaneCell, Stores
from headrace.stream.panes import ITEM, PARTITION, USER
from headrace.stream.store_sink import put_rows


def put_totals(totals: DataFrame, cassandra: Cassandra, keyspace: str, write_us: int) -> None:
    """Write rows of PANE_COLUMNS; all are durable on return."""
    put_rows(totals, cassandra, keyspace, partial(put_batch, write_us=write_us))


async def put_batch(stores: Stores, batch: pa.RecordBatch, write_us: int) -> None:
    """Write one Arrow batch of PANE_COLUMNS into user_panes, item_panes and counts."""
    facts = np.column_stack([_filled(batch.column(name), int(zero()[place])) for place, name in enumerate(FACTS)])
    grains, owners, panes, categories, content_types = (
        batch.column(name).to_pylist() for name in ("grain", "owner", "pane_ms", "category", "content_type")
    )
    packed = pack_rows(facts)
    cells: dict[str, list[PaneCell]] = {USER: [], ITEM: []}
    counts = []
    for row, grain in enumerate(grains):
        if grain == PARTITION:
            counts.append((owners[row], panes[row], int(facts[row, : len(COUNTS)].sum())))
        else:
            cells[grain].append(PaneCell(owners[row], panes[row], categories[row], content_types[row], packed[row]))
    await asyncio.gather(
        _reaching("panes.after_users", stores.user_panes.put(cells[USER], write_us)),
        _reaching("panes.after_items", stores.item_panes.put(cells[ITEM], write_us)),
        stores.counts.put(counts, write_us),
    )


async def _reaching(point: str, put: Coroutine[Any, Any, None]) -> None:
    await put
    reach(point)


def _filled(column: pa.Array, absent: int) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    filled: Callable[..., np.ndarray[tuple[int], np.dtype[np.int64]]] = column.fill_null(absent).to_numpy
    return filled(zero_copy_only=False)
