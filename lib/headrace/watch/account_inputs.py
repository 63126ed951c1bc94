"""Reads what the account compares: Delta without a JVM, the broker's offsets, the hot query's counts and progress."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence

import pyarrow as pa
from deltalake import DeltaTable
from deltalake.exceptions import TableNotFoundError

from headrace.settings import Settings
from headrace.stores.cassandra import open_stores
from headrace.stores.kafka import open_consumer
from headrace.stream.progress import INGEST, ends_read
from headrace.stream.retention import DAY_MS, days_kept, kept_from_ms
from headrace.watch.account import LEDGER_COLUMNS, REJECTED_COLUMNS, Hour, Inputs
from headrace.watch.closed_hours import Readers, closed_before_ms

Ends = Mapping[str, Mapping[int, int]]
"""Topic (without its world) → partition → offset of its next record."""

_TEXT = ("person", "event_id", "reason")


def read_inputs(settings: Settings, now_ms: int) -> Inputs:
    """Everything that `account` compares, as it is now, of the days that all of it still has.

    Raises StoreUnavailable when a server does not answer.

    Each is read before what it vouches for: ingest's progress before the ends of what it writes, ends and progress
    before the tables, and the ends again after: only where they are the same and reached is the world drained.
    """
    generation = settings.world.generation
    ingested = ends_read(settings, "ingest").get(INGEST, {})
    kept_ms = _kept_from_ms(settings, now_ms)
    since_ms = kept_ms and kept_ms + DAY_MS  # the first day's events only tell which later ones are duplicates
    firsts, before = _offsets(settings, since_ms)
    read = ends_read(settings, "hot", "ledger", "features")
    readers = _readers(before, read, settings)
    ledger = _table(settings.table("events"), LEDGER_COLUMNS, kept_ms)
    rejected = _table(settings.table("rejected"), REJECTED_COLUMNS, kept_ms)
    raw_range = {f"{generation}:{p}": (firsts["events.raw"][p], end) for p, end in before["events.raw"].items()}
    named = {f"{g}:{p}" for g, p in _raw_partitions(ledger) | _raw_partitions(rejected)}
    hot_counts = asyncio.run(_hot_counts(settings, sorted(named | raw_range.keys())))
    _, after = _offsets(settings, since_ms)
    return Inputs(
        ledger,
        rejected,
        hot_counts,
        raw_range,
        drained=readers.are_through() and before == after,
        closed_before_ms=closed_before_ms(ledger, rejected, readers, generation),
        ingested={f"{generation}:{partition}": offset for (_, partition), offset in ingested.items()},
        since_ms=since_ms,
    )


def _kept_from_ms(settings: Settings, now_ms: int) -> int:
    """From when on no row of either table has been deleted for its age; 0 where none ever is."""
    days = days_kept(settings)
    return max(0, kept_from_ms(now_ms, min(days["events"], days["rejected"]))) if days else 0


def _table(path: str, columns: Sequence[str], since_ms: int) -> pa.Table:
    """The columns of a Delta table, of rows appended since then; of one that does not exist yet, no rows."""
    try:
        since = [("src_ms", ">=", since_ms)]
        return pa.table(DeltaTable(path).to_pyarrow_table(columns=list(columns), filters=since))
    except TableNotFoundError:
        kinds = {name: pa.string() for name in _TEXT} | {"late": pa.bool_()}
        return pa.schema([(name, kinds.get(name, pa.int64())) for name in columns]).empty_table()


def _offsets(settings: Settings, since_ms: int) -> tuple[Ends, Ends]:
    """First offsets, of records since then, and ends of the three topics that events go through."""
    topics = ("events.raw", "events.clean", "events.rejected")
    consumer = open_consumer(settings.kafka)
    try:
        numbers = range(settings.world.partitions)
        partitions = {topic: [(settings.topic(topic), number) for number in numbers] for topic in topics}
        everything = [partition for of_topic in partitions.values() for partition in of_topic]
        firsts, ends = consumer.firsts_since(everything, since_ms), consumer.ends(everything)
    finally:
        consumer.close()
    return _by_topic(partitions, firsts), _by_topic(partitions, ends)


def _by_topic(
    partitions: Mapping[str, Sequence[tuple[str, int]]], offsets: Mapping[tuple[str, int], int]
) -> dict[str, dict[int, int]]:
    return {topic: {each[1]: offsets[each] for each in listed} for topic, listed in partitions.items()}


def _readers(ends: Ends, read: Mapping[str, Mapping[tuple[str, int], int]], settings: Settings) -> Readers:
    """What each query says that it has read; nothing where it has not said so on this machine."""

    def of(query: str, topic: str) -> dict[int, int]:
        known = read.get(query, {})
        return {number: offset for (name, number), offset in known.items() if name == settings.topic(topic)}

    return Readers(
        raw_ends=ends["events.raw"],
        clean_ends=ends["events.clean"],
        rejected_ends=ends["events.rejected"],
        ledger=of("ledger", "events.clean"),
        rejected=of("rejected", "events.rejected"),
        hot=of("hot", "events.clean"),
    )


def _raw_partitions(table: pa.Table) -> set[tuple[int, int]]:
    distinct = table.group_by(["raw_generation", "raw_partition"]).aggregate([]).to_pylist()
    return {(row["raw_generation"], row["raw_partition"]) for row in distinct}


async def _hot_counts(settings: Settings, raw_partitions: Sequence[str]) -> dict[Hour, int]:
    stores = await open_stores(settings.cassandra, settings.keyspace)
    try:
        return {
            (name, hour): counted for name in raw_partitions for hour, counted in (await stores.counts.of(name)).items()
        }
    finally:
        await stores.close()
