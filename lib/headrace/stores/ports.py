"""What the system needs remembered, and what it may rely on. No adapter, no connection.

Every call raises StoreUnavailable when the store did not answer in time; that is never the same as "not there".
The memory adapter is the reference; tests/stores runs one contract suite over every adapter.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from headrace.domain.events import Event, Person
from headrace.domain.facts import Facts
from headrace.domain.panes import PaneKey


@dataclass(frozen=True, slots=True)
class PaneCell:
    """Absolute totals of one (owner, pane, category, content type). `owner` is a person or an item; `packed` is
    facts.pack()."""

    owner: str
    pane_ms: int
    category: str
    content_type: str
    packed: bytes

    @property
    def key(self) -> PaneKey:
        """Which cell of its owner it is."""
        return self.pane_ms, self.category, self.content_type


@dataclass(frozen=True, slots=True)
class SessionRow:
    """Features of one finished session as JSON text; (started_ms, session_id) tells it from its person's others."""

    person: Person
    started_ms: int
    session_id: str
    features: str


@dataclass(frozen=True, slots=True)
class ProfileRow:
    """One record of topic users, as domain/profile.py packs it; `write_us` is the record's own time."""

    user_id: str
    packed: bytes
    write_us: int


@dataclass(frozen=True, slots=True)
class Pointer:
    """Which model version is served. `previous` stays publishable for a one-step rollback."""

    version: str
    previous: str | None
    flipped_ms: int


@dataclass(frozen=True, slots=True)
class Published:
    """Which trends are published, and how far everything was read that they were made from, on the world's clock."""

    id: str
    clock_ms: int


@dataclass(frozen=True, slots=True)
class Appended:
    """Where the broker put a record, and when; `timestamp_ms` is the topic's LogAppendTime where it has one."""

    partition: int
    offset: int
    timestamp_ms: int


@dataclass(frozen=True, slots=True)
class Lease:
    """Who may write, and from which checkpoint. `expires_ms` is on the wall clock."""

    writer: str
    owner: str
    checkpoint_id: str
    expires_ms: int


class Tails(Protocol):
    """The newest events of each person."""

    async def append(self, events: Sequence[Event]) -> None:
        """Remember each event for its person; the same event twice changes nothing. All are durable on return."""

    async def newest(self, person: Person, limit: int) -> tuple[Event, ...]:
        """Up to `limit` events, newest occurred_at first (ties: event_id, descending); () for a person never seen."""

    async def trim(self, person: Person, keep: int) -> None:
        """Forget all of a person's events but the first `keep` of `newest`. Again, or with fewer, it changes nothing.

        One of them that is appended again is there again, until the next time.
        """


class Panes(Protocol):
    """Five-minute totals per person, or per item; of each hour of an owner the sample (domain/hour_sample.py).

    Whatever the order and grouping of the writes, readers see the sample of all that was put. What it leaves out may be
    stored or not: where a cell of it is removed, another may be seen in its place, or none until it is put again.
    """

    async def put(self, cells: Sequence[PaneCell], write_us: int) -> None:
        """Replace each cell's totals; among writes to one cell the greatest `write_us` wins, whatever the order."""

    async def since(self, owner: str, from_ms: int) -> Mapping[PaneKey, Facts]:
        """Cells whose hour is at or after the hour of `from_ms`; an empty mapping for an owner never seen."""

    async def remove(self, cells: Sequence[PaneCell], write_us: int) -> None:
        """Forget each cell, whatever its totals, as far as it was written at or before `write_us`."""

    async def scan(self, part: int, parts: int, from_ms: int, to_ms: int) -> Sequence[PaneCell]:
        """The cells of part `part` of `parts` of all owners with a pane in [from_ms, to_ms), in no order.

        The parts together are everything, each cell once. It reads the whole table: never for a request.
        """


class Sessions(Protocol):
    """Finished sessions of each person."""

    async def put(self, rows: Sequence[SessionRow], write_us: int) -> None:
        """Replace each row; the greatest `write_us` wins."""

    async def remove(self, rows: Sequence[SessionRow], write_us: int) -> None:
        """Forget each row, whatever its features, as far as it was written at or before `write_us`."""

    async def newest(self, person: Person, limit: int) -> tuple[SessionRow, ...]:
        """Up to `limit` rows, newest started_ms first."""


class Candidates(Protocol):
    """One packed row per person and model version (domain/candidates.py packs it)."""

    async def put(self, version: str, rows: Sequence[tuple[Person, bytes]]) -> None:
        """Write all rows of a version; writing them again changes nothing."""

    async def get(self, person: Person, version: str) -> bytes | None:
        """The packed row, or None for a person whom this version does not know."""


class Decisions(Protocol):
    """Decision records by request id, until their TTL; Delta has them after that."""

    async def put(self, records: Sequence[tuple[str, bytes]]) -> None:
        """Remember each (request_id, record); the same again changes nothing."""

    async def get(self, request_id: str) -> bytes | None:
        """The record's bytes, or None."""


class Profiles(Protocol):
    """What is known of each user, as the newest record of the topic says it."""

    async def put(self, rows: Sequence[ProfileRow]) -> None:
        """Replace each user's row: the greatest `write_us` wins, of equal ones the greater bytes; any order will do."""

    async def get(self, user_id: str) -> bytes | None:
        """The packed record, or None for a user of whom there never was one."""


class Pointers(Protocol):
    """The model pointer of this world."""

    async def get(self) -> Pointer | None:
        """The pointer, or None before the first publication."""

    async def flip(self, version: str, flipped_ms: int) -> Pointer:
        """Serve `version` from now on; what was served becomes `previous`. To the served one: nothing changes."""


class Clocks(Protocol):
    """The clock of a world whose time is its stream: the newest received_at that went through it."""

    async def advance(self, writer: str, received_ms: int) -> None:
        """Move this writer's clock forward; an earlier time than it already showed changes nothing."""

    async def now_ms(self) -> int | None:
        """The newest over all writers, or None before the first event."""


class Leases(Protocol):
    """At most one live writer per name, each with a write timestamp that only grows."""

    async def acquire(self, lease: Lease, now_ms: int) -> Lease:
        """Take or renew the lease and return the one that was held before (itself if new).

        Raises LeaseHeld if another owner's has not expired at `now_ms`, and CheckpointLost if another checkpoint_id
        is remembered: only `forget` makes room for a new one. Both leave everything as it was.
        """

    async def release(self, writer: str, owner: str) -> None:
        """Give it back; the checkpoint_id stays remembered. Not the owner's: nothing happens."""

    async def forget(self, writer: str) -> None:
        """Forget the checkpoint too: the operator's word that a rebuild from the start is wanted."""

    async def next_write_us(self, writer: str, now_us: int) -> int:
        """`max(last + 1, now_us)`, remembered before it is returned."""


class Counts(Protocol):
    """How many events of each raw partition and hour of append the hot query counted."""

    async def put(self, rows: Sequence[tuple[str, int, int]], write_us: int) -> None:
        """Replace each ('<generation>:<raw partition>', hour in ms, counted); the greatest `write_us` wins."""

    async def of(self, raw_partition: str) -> Mapping[int, int]:
        """hour in ms → counted."""


class Trends(Protocol):
    """The ranked lists of this world: one snapshot, the newest."""

    async def publish(self, published: Published, packed: bytes, write_us: int) -> None:
        """Replace the snapshot by this one (domain/trend_lists.py packs it); the greatest `write_us` wins."""

    async def published(self) -> Published | None:
        """What is published, without its lists; None before the first publication."""

    async def lists(self) -> tuple[Published, bytes] | None:
        """What is published, with its packed lists."""


class EventLog(Protocol):
    """The append side of the topics."""

    async def append(
        self, topic: str, key: bytes | None, value: bytes | None, headers: Sequence[tuple[str, bytes]] = ()
    ) -> Appended:
        """Append one record and return after the broker acknowledged it; records of one key keep their order.

        Raises StoreUnavailable when the broker did not acknowledge within the deadline or the queue is full; the
        record may be there all the same, so the caller's retry may repeat it. RecordTooLarge: no retry will do.
        No value deletes the key where compacted.
        """

    async def close(self) -> None:
        """Wait for what is under way, within the deadline, and let go; calling it twice is fine."""


class Stores(Protocol):
    """Every store of one world, sharing one connection. Closing it closes them all."""

    @property
    def tails(self) -> Tails: ...
    @property
    def user_panes(self) -> Panes: ...
    @property
    def item_panes(self) -> Panes: ...
    @property
    def sessions(self) -> Sessions: ...
    @property
    def candidates(self) -> Candidates: ...
    @property
    def decisions(self) -> Decisions: ...
    @property
    def profiles(self) -> Profiles: ...
    @property
    def pointers(self) -> Pointers: ...
    @property
    def clocks(self) -> Clocks: ...
    @property
    def leases(self) -> Leases: ...
    @property
    def counts(self) -> Counts: ...
    @property
    def trends(self) -> Trends: ...

    async def close(self) -> None:
        """Let go of the connection; calling it twice is fine."""
