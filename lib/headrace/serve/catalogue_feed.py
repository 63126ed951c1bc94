"""The catalogue topic in memory: read whole at the start, then followed. It feeds snapshots and answers PATCH.

`Feed` belongs to the event loop; `consume` is the thread that hands it records. Not here: arrays (domain/catalogue.py).
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from headrace.domain.catalogue import ItemMeta, item_meta
from headrace.errors import StoreUnavailable
from headrace.settings import Kafka
from headrace.stores.kafka.consumer import Record, open_consumer

POLL_MS: Final = 1_000
FETCH_MAX_WAIT_MS: Final = 1_000
"""A record ends a poll and its fetch at once; looking ten times a second took 20 % of a core from the requests."""

RETRY_S: Final = 1.0
QUIET_POLLS: Final = 2
"""Compaction may take the last record of a partition away: after so many polls without any, all there is was read."""


@dataclass(frozen=True, slots=True)
class Change:
    """One record of the topic. `plain` is the item as JSON fields, None where it was deleted."""

    partition: int
    offset: int
    item_id: str
    plain: Mapping[str, object] | None


class Feed:
    """Every item's newest record. A record older than the one already applied to its item changes nothing.

    What this process wrote is known at once to `item` and `was_deleted`; what is served moves with the consumer alone,
    in the topic's order, so that one offset is one content in every process.

    caught_up  whether everything that was there at the start has been applied, or cannot be read
    trouble    why the topic cannot be read, or None
    """

    def __init__(self, currency: str) -> None:
        self._currency = currency
        self._newest: dict[str, Change] = {}
        self._metas: dict[str, ItemMeta | None] = {}
        self._fresh: dict[str, ItemMeta | None] = {}
        self._at: dict[str, int] = {}
        self._read: dict[int, int] = {}
        self.caught_up = False
        self.trouble: str | None = None

    @property
    def offset(self) -> str:
        """How far each partition was applied, "<partition>:<next offset>"; "" before the first record."""
        return ",".join(f"{partition}:{after}" for partition, after in sorted(self._read.items()))

    def deliver(self, changes: Sequence[Change], at_end: bool, trouble: str | None) -> None:
        """Take in what the consumer says."""
        self.apply(changes)
        self.caught_up = self.caught_up or at_end
        self.trouble = trouble

    def apply(self, changes: Sequence[Change]) -> None:
        """Take these records in. An item's records all come from one partition, so its offsets are in order."""
        for change in changes:
            self._read[change.partition] = max(self._read.get(change.partition, 0), change.offset + 1)
            if self._at.get(change.item_id, -1) >= change.offset:
                continue
            self._at[change.item_id] = change.offset
            meta = None if change.plain is None else item_meta(change.plain, self._currency)
            self._metas[change.item_id] = self._fresh[change.item_id] = meta
            self.wrote(change)

    def wrote(self, change: Change) -> None:
        """This process's own record, acknowledged: the next PATCH starts from it and may not wait for the topic."""
        newest = self._newest.get(change.item_id)
        if newest is None or newest.offset < change.offset:
            self._newest[change.item_id] = change

    def item(self, item_id: str) -> Mapping[str, object] | None:
        """The item's newest record, or None where there is none or it was deleted."""
        newest = self._newest.get(item_id)
        return None if newest is None else newest.plain

    def was_deleted(self, item_id: str) -> bool:
        """Whether the item's newest record is its deletion."""
        newest = self._newest.get(item_id)
        return newest is not None and newest.plain is None

    def take_fresh(self) -> tuple[Mapping[str, ItemMeta | None], str]:
        """What changed since the last take, and the offset that it leads to."""
        fresh, self._fresh = self._fresh, {}
        return fresh, self.offset

    def take_all(self) -> tuple[Mapping[str, ItemMeta | None], str]:
        """What the topic says of every item, for a catalogue that starts from a model again."""
        self._fresh = {}
        return dict(self._metas), self.offset


Deliver = Callable[[Sequence[Change], bool, str | None], None]
"""(changes, whether what was there at the start is all read, why the topic cannot be read or None)."""


def consume(kafka: Kafka, topic: str, deliver: Deliver, stop: threading.Event) -> None:
    """Read the topic from its beginning and follow it until `stop`; a broker that is away is tried again."""
    while not stop.is_set():
        try:
            _follow(kafka, topic, deliver, stop)
        except StoreUnavailable as error:
            deliver((), True, str(error))
            stop.wait(RETRY_S)


def _follow(kafka: Kafka, topic: str, deliver: Deliver, stop: threading.Event) -> None:
    consumer = open_consumer(kafka, fetch_max_wait_ms=FETCH_MAX_WAIT_MS)
    try:
        consumer.assign_whole(topic)
        partitions = consumer.assignment()
        ends = consumer.ends(partitions)
        after = dict(consumer.firsts(partitions))
        empty = 0
        while not stop.is_set():
            records = consumer.poll(POLL_MS)
            after |= {(record.topic, record.partition): record.offset + 1 for record in records}
            empty = 0 if records else empty + 1
            at_end = empty >= QUIET_POLLS or all(after[partition] >= end for partition, end in ends.items())
            deliver([change for record in records if (change := change_of(record)) is not None], at_end, None)
    finally:
        consumer.close()


def change_of(record: Record) -> Change | None:
    """One record as a Change; None for a record that says nothing about an item: no key, or no JSON object."""
    if record.key is None:
        return None
    item_id = record.key.decode(errors="replace")
    if record.value is None:
        return Change(record.partition, record.offset, item_id, None)
    try:
        plain = json.loads(record.value)
    except (ValueError, RecursionError):
        return None
    return Change(record.partition, record.offset, item_id, plain) if isinstance(plain, dict) else None
