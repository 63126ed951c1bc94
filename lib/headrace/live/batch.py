"""What was polled, sorted into what is to be done with it. Pure: no topic is read and nothing is written here."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from headrace.domain.events import Event
from headrace.errors import BadEvent
from headrace.stores.event_json import read_event
from headrace.stores.kafka import Partition, Record


@dataclass(frozen=True, slots=True)
class Taken:
    """Records of one poll. `seen` were written before this process had their partition: to be remembered only."""

    seen: Sequence[Record]
    new: Sequence[Record]


@dataclass(frozen=True, slots=True)
class Batch:
    """`offsets` are those to commit once everything is written; `unreadable` says what was passed over, and why."""

    seen: Sequence[Event]
    events: Sequence[Event]
    decisions: Sequence[tuple[str, bytes]]
    offsets: Mapping[Partition, int]
    unreadable: Sequence[str]

    @property
    def newest_received_ms(self) -> int | None:
        """The newest received_at of all its events, or None without any."""
        return max((event.received_at for part in (self.seen, self.events) for event in part), default=None)


def read_batch(taken: Taken, clean_topic: str) -> Batch:
    """Events from `clean_topic`, decisions from the other one, each in the order of their partition.

    A record that cannot be read is passed over: ingest wrote it, so waiting for it to become readable would stop
    everyone else's events for good.
    """
    unreadable: list[str] = []
    decisions = []
    for record in taken.new:
        if record.topic != clean_topic:
            if record.key is None or record.value is None:
                unreadable.append(f"{_place(record)}: a decision without key or value")
            else:
                decisions.append((record.key.decode(errors="replace"), record.value))
    return Batch(
        seen=_events([record for record in taken.seen if record.topic == clean_topic], []),
        events=_events([record for record in taken.new if record.topic == clean_topic], unreadable),
        decisions=decisions,
        offsets={(record.topic, record.partition): record.offset + 1 for record in taken.new},
        unreadable=unreadable,
    )


def _events(records: Sequence[Record], unreadable: list[str]) -> list[Event]:
    events = []
    for record in records:
        try:
            events.append(read_event(record.value or b""))
        except BadEvent as error:
            unreadable.append(f"{_place(record)}: {error}")
    return events


def _place(record: Record) -> str:
    return f"{record.topic}:{record.partition}:{record.offset}"
