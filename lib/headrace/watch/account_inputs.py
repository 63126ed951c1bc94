"""Reads what the account compares: Delta without a JVM, the broker's offsets, the hot query's counts and progress."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping, Sequence

import pyarrow as pa
from deltalake import DeltaTable
from deltalake.exceptions import TableNotFoundError

from headrace.settings import Settings
from headrace.stores.cassandra import open_stores
from headrace.stores.kafka import open_consumer
from headrace.watch.account import LEDGER_COLUMNS, REJECTED_COLUMNS, Hour, Inputs

Ends = Mapping[str, Mapping[int, int]]
"""Topic (without its world) → partition → offset of its next record."""

_TEXT = ("person", "event_id", "reason")


def read_inputs(settings: Settings) -> Inputs:
    """Everything that `account` compares, as it is now. Raises StoreUnavailable when a server does not answer.

    Ends are read before the tables and again after: only where they are the same and reached is the world drained.
    """
    firsts, before = _offsets(settings)
    hot_ends = _hot_ends(settings)
    ledger = _table(settings.table("events"), LEDGER_COLUMNS)
    rejected = _table(settings.table("rejected"), REJECTED_COLUMNS)
    generation = settings.world.generation
    raw_range = {f"{generation}:{p}": (firsts["events.raw"][p], end) for p, end in before["events.raw"].items()}
    named = {f"{g}:{p}" for g, p in _raw_partitions(ledger) | _raw_partitions(rejected)}
    hot_counts = asyncio.run(_hot_counts(settings, sorted(named | raw_range.keys())))
    _, after = _offsets(settings)
    reached = (
        _reached(ledger, "clean", before["events.clean"])
        and _reached(rejected, "rejected", before["events.rejected"])
        and all(hot_ends.get(partition, 0) >= end for partition, end in before["events.clean"].items())
    )
    return Inputs(ledger, rejected, hot_counts, raw_range, drained=reached and before == after)


def _table(path: str, columns: Sequence[str]) -> pa.Table:
    """The columns of a Delta table; of one that does not exist yet, no rows."""
    try:
        return pa.table(DeltaTable(path).to_pyarrow_table(columns=list(columns)))
    except TableNotFoundError:
        kinds = {name: pa.string() for name in _TEXT} | {"late": pa.bool_()}
        return pa.schema([(name, kinds.get(name, pa.int64())) for name in columns]).empty_table()


def _offsets(settings: Settings) -> tuple[Ends, Ends]:
    """First offsets and ends of the three topics that events go through."""
    topics = ("events.raw", "events.clean", "events.rejected")
    consumer = open_consumer(settings.kafka)
    try:
        numbers = range(settings.world.partitions)
        partitions = {topic: [(settings.topic(topic), number) for number in numbers] for topic in topics}
        everything = [partition for of_topic in partitions.values() for partition in of_topic]
        firsts, ends = consumer.firsts(everything), consumer.ends(everything)
    finally:
        consumer.close()
    return _by_topic(partitions, firsts), _by_topic(partitions, ends)


def _by_topic(
    partitions: Mapping[str, Sequence[tuple[str, int]]], offsets: Mapping[tuple[str, int], int]
) -> dict[str, dict[int, int]]:
    return {topic: {each[1]: offsets[each] for each in listed} for topic, listed in partitions.items()}


def _hot_ends(settings: Settings) -> Mapping[int, int]:
    """How far the hot query says that it is; {} where it has not said so on this machine."""
    try:
        progress = json.loads((settings.world_dir / "run" / "features.progress.json").read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    ends = (progress.get("hot") or {}).get("ends") or {}
    return {int(partition): offset for partition, offset in ends.get(settings.topic("events.clean"), {}).items()}


def _reached(table: pa.Table, topic: str, ends: Mapping[int, int]) -> bool:
    """Whether the table holds the last record of each of the topic's partitions."""
    newest = table.group_by(f"{topic}_partition").aggregate([(f"{topic}_offset", "max")]).to_pylist()
    held = {row[f"{topic}_partition"]: row[f"{topic}_offset_max"] + 1 for row in newest}
    return all(held.get(partition, 0) >= end for partition, end in ends.items())


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
