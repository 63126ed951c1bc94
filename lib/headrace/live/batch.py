"""What was polled, sorted into what is to be done with it. Pure: no topic is read and nothing is written here."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from headrace.domain.events import MAX_ID, Event
from headrace.domain.profile import pack
from headrace.domain.strict_json import read_document
from headrace.errors import BadEvent
from headrace.stores.event_json import read_event
from headrace.stores.kafka import Partition, Record
from headrace.stores.ports import ProfileRow


@dataclass(frozen=True, slots=True)
class Topics:
    """What live reads, by the world's own names."""

    clean: str
    decisions: str
    users: str


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
    profiles: Sequence[ProfileRow]
    offsets: Mapping[Partition, int]
    unreadable: Sequence[str]

    @property
    def newest_received_ms(self) -> int | None:
        """The newest received_at of all its events, or None without any."""
        return max((event.received_at for part in (self.seen, self.events) for event in part), default=None)


def read_batch(taken: Taken, topics: Topics) -> Batch:
    """Events and decisions in the order of their partition, and the newest record of each user.

    A record that cannot be read is passed over: ingest wrote it, so waiting for it to become readable would stop
    everyone else's events for good.
    """
    unreadable: list[str] = []
    return Batch(
        seen=_events(_of(topics.clean, taken.seen), []),
        events=_events(_of(topics.clean, taken.new), unreadable),
        decisions=_decisions(_of(topics.decisions, taken.new), unreadable),
        profiles=_profiles(_of(topics.users, taken.new), unreadable),
        offsets={(record.topic, record.partition): record.offset + 1 for record in taken.new},
        unreadable=unreadable,
    )


def _of(topic: str, records: Sequence[Record]) -> list[Record]:
    return [record for record in records if record.topic == topic]


def _events(records: Sequence[Record], unreadable: list[str]) -> list[Event]:
    events = []
    for record in records:
        try:
            events.append(read_event(record.value or b""))
        except BadEvent as error:
            unreadable.append(f"{_place(record)}: {error}")
    return events


def _decisions(records: Sequence[Record], unreadable: list[str]) -> list[tuple[str, bytes]]:
    decisions = []
    for record in records:
        if record.key is None or record.value is None:
            unreadable.append(f"{_place(record)}: a decision without key or value")
        else:
            decisions.append((record.key.decode(errors="replace"), record.value))
    return decisions


def _profiles(records: Sequence[Record], unreadable: list[str]) -> list[ProfileRow]:
    newest: dict[str, ProfileRow] = {}
    for record in records:
        try:
            user_id = (record.key or b"").decode()
            if not 1 <= len(user_id) <= MAX_ID:
                raise BadEvent("bad_value", f"its key must be a user_id of 1 to {MAX_ID} characters")
            if record.value is not None:
                read_document(record.value)
        except (BadEvent, UnicodeDecodeError) as error:
            unreadable.append(f"{_place(record)}: no record of a user: {error}")
        else:
            newest[user_id] = ProfileRow(user_id, pack(record.offset, record.value), record.timestamp_ms * 1_000)
    return list(newest.values())


def _place(record: Record) -> str:
    return f"{record.topic}:{record.partition}:{record.offset}"
