"""What Cassandra holds of some hours, as rows; and rows put there or taken away. All on executors.

Written with the write clocks of the stream's own writers, so that a repair is newer than whatever they wrote before it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any, Final, Protocol, TypeVar

import pyarrow as pa
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql.types import LongType, StringType, StructField, StructType

from headrace.domain.events import Person
from headrace.domain.facts import FACTS, rows_of_entries, unpack_entries, zero
from headrace.settings import Settings
from headrace.stores.ports import PaneCell, SessionRow, Stores
from headrace.stream.finals import SESSION_ROWS
from headrace.stream.hot import HOT
from headrace.stream.pane_sink import put_totals
from headrace.stream.panes import ITEM, PANE_COLUMNS, USER
from headrace.stream.patience import next_write_us, patiently
from headrace.stream.recount import COUNT_COLUMNS
from headrace.stream.session_islands import SESSION_KEY
from headrace.stream.session_sink import put_sessions
from headrace.stream.settled import Hours
from headrace.stream.store_sink import put_rows

V = TypeVar("V", int, str)

PARTS: Final = 128
"""A table is read in so many parts, a part at a time and task: each has to fit into an executor."""

_NUMBERS: Final = ("pane_ms", "counted", *FACTS)


def _schema(names: tuple[str, ...]) -> StructType:
    return StructType([StructField(name, LongType() if name in _NUMBERS else StringType()) for name in names])


PANE_ROWS: Final = _schema(PANE_COLUMNS)
COUNT_ROWS: Final = _schema(COUNT_COLUMNS)
PANE_KEY: Final = tuple(name for name in PANE_COLUMNS if name not in FACTS)


class Held(Protocol):
    """What a backfill needs of the stores: rows of the stream's own schemas, in and out. Writes are durable on return.

    Everything raises StoreUnavailable, late.
    """

    def panes(self, hours: Hours) -> DataFrame:
        """PANE_ROWS of the grains user and item that start in the hours."""

    def counts(self, owners: DataFrame) -> DataFrame:
        """COUNT_ROWS of every `owner`, of all hours of append."""

    def put_panes(self, rows: DataFrame) -> None:
        """Replace the totals of PANE_ROWS."""

    def remove_panes(self, rows: DataFrame) -> None:
        """Take away what PANE_KEY names."""

    def put_counts(self, rows: DataFrame) -> None:
        """Replace the counts of COUNT_ROWS."""

    def put_sessions(self, rows: DataFrame) -> None:
        """Replace rows of SESSIONS."""

    def remove_sessions(self, rows: DataFrame) -> None:
        """Take away what SESSION_KEY names."""


@dataclass(frozen=True, slots=True)
class CassandraHeld:
    spark: SparkSession
    settings: Settings

    def panes(self, hours: Hours) -> DataFrame:
        parts = self.spark.range(0, PARTS, 1, min(PARTS, 4 * self.spark.sparkContext.defaultParallelism))
        return self._read(parts, partial(pane_rows, from_ms=hours.from_ms, to_ms=hours.to_ms), PANE_ROWS)

    def counts(self, owners: DataFrame) -> DataFrame:
        return self._read(owners.select("owner"), count_rows, COUNT_ROWS)

    def put_panes(self, rows: DataFrame) -> None:
        put_totals(rows, self.settings.cassandra, self.settings.keyspace, self._write_us(HOT))

    def remove_panes(self, rows: DataFrame) -> None:
        self._put(rows.select(*PANE_KEY), partial(remove_panes, write_us=self._write_us(HOT)))

    def put_counts(self, rows: DataFrame) -> None:
        self._put(rows.select(*COUNT_COLUMNS), partial(put_counts, write_us=self._write_us(HOT)))

    def put_sessions(self, rows: DataFrame) -> None:
        put_sessions(rows, self.settings.cassandra, self.settings.keyspace, self._write_us(SESSION_ROWS))

    def remove_sessions(self, rows: DataFrame) -> None:
        self._put(rows.select(*SESSION_KEY), partial(remove_sessions, write_us=self._write_us(SESSION_ROWS)))

    def _write_us(self, writer: str) -> int:
        return next_write_us(self.settings.cassandra, self.settings.keyspace, writer)

    def _put(self, rows: DataFrame, put: Callable[..., Coroutine[Any, Any, None]]) -> None:
        put_rows(rows, self.settings.cassandra, self.settings.keyspace, put)

    def _read(
        self, rows: DataFrame, ask: Callable[[V, Stores], Coroutine[Any, Any, pa.RecordBatch]], schema: StructType
    ) -> DataFrame:
        """What the stores hold for each value of the one column of `rows`."""
        ask_here = partial(patiently, self.settings.cassandra, self.settings.keyspace)

        def answers(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
            for batch in batches:
                for value in batch.column(0).to_pylist():
                    yield ask_here(partial(ask, value))

        return rows.mapInArrow(answers, schema)


async def pane_rows(part: int, stores: Stores, *, from_ms: int, to_ms: int) -> pa.RecordBatch:
    """PANE_ROWS of one of PARTS: an extreme of nothing is null, any other fact is not."""
    users, items = await asyncio.gather(
        *(each.scan(part, PARTS, from_ms, to_ms) for each in (stores.user_panes, stores.item_panes))
    )
    cells = [*users, *items]
    facts = rows_of_entries(unpack_entries([cell.packed for cell in cells]))
    names: dict[str, pa.Array] = {"grain": pa.array([USER] * len(users) + [ITEM] * len(items), pa.string())}
    for field in PANE_ROWS.fields[1 : len(PANE_KEY)]:
        kind = pa.int64() if field.name in _NUMBERS else pa.string()
        names[field.name] = pa.array([getattr(cell, field.name) for cell in cells], kind)
    for place, (name, nothing) in enumerate(zip(FACTS, zero(), strict=True)):
        absent = (facts[:, place] == nothing) & (nothing != 0)
        names[name] = pa.array(facts[:, place], pa.int64(), mask=absent)
    return pa.RecordBatch.from_pydict(names)


async def count_rows(owner: str, stores: Stores) -> pa.RecordBatch:
    """COUNT_ROWS of one raw partition."""
    counts = await stores.counts.of(owner)
    values = (pa.array([owner] * len(counts), pa.string()), pa.array(counts, pa.int64()))
    return pa.RecordBatch.from_arrays([*values, pa.array(counts.values(), pa.int64())], list(COUNT_COLUMNS))


async def remove_panes(stores: Stores, batch: pa.RecordBatch, write_us: int) -> None:
    """Take away one Arrow batch of PANE_KEY."""
    cells: dict[str, list[PaneCell]] = {USER: [], ITEM: []}
    for row in batch.to_pylist():
        cells[row.pop("grain")].append(PaneCell(**row, packed=b""))
    await asyncio.gather(
        stores.user_panes.remove(cells[USER], write_us), stores.item_panes.remove(cells[ITEM], write_us)
    )


async def put_counts(stores: Stores, batch: pa.RecordBatch, write_us: int) -> None:
    """Write one Arrow batch of COUNT_COLUMNS."""
    columns = (batch.column(name).to_pylist() for name in COUNT_COLUMNS)
    await stores.counts.put(list(zip(*columns, strict=True)), write_us)


async def remove_sessions(stores: Stores, batch: pa.RecordBatch, write_us: int) -> None:
    """Take away one Arrow batch of SESSION_KEY."""
    keys = zip(*(batch.column(name).to_pylist() for name in ("person", "started_ms", "session_id")), strict=True)
    rows = [SessionRow(Person(person), started_ms, session_id, "") for person, started_ms, session_id in keys]
    await stores.sessions.remove(rows, write_us)
