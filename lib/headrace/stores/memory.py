"""Every port kept in dictionaries: the reference of what the ports promise, and the test double. No I/O, no clock."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Generic, TypeVar
from zlib import crc32

from headrace.domain.events import Event, Person
from headrace.domain.facts import Facts, unpack
from headrace.domain.hour_sample import sample
from headrace.domain.panes import PaneKey, entry_key, hour_of
from headrace.errors import StoreUnavailable
from headrace.stores.lease_law import refuse_lease
from headrace.stores.ports import Lease, PaneCell, Pointer, ProfileRow, Published, SessionRow

K = TypeVar("K", bound=Hashable)
V = TypeVar("V", bytes, str, int)


@dataclass(slots=True)
class Switch:
    """Whether the stores answer. Shared by all stores of a MemoryStores, as a connection would be."""

    down: bool = False

    def check(self) -> None:
        if self.down:
            raise StoreUnavailable("the memory store was told to be unavailable")


class Latest(Generic[K, V]):
    """key → value: the greatest `write_us` wins, whatever the order; of equal ones the greater value, as in CQL."""

    def __init__(self) -> None:
        self._cells: dict[K, tuple[int, V]] = {}
        self._removed_us: dict[K, int] = {}

    def put(self, key: K, value: V, write_us: int) -> None:
        self._cells[key] = max(self._cells.get(key, (write_us, value)), (write_us, value))

    def remove(self, key: K, write_us: int) -> None:
        """What was put at or before `write_us` is gone, and stays gone if it comes later."""
        self._removed_us[key] = max(self._removed_us.get(key, write_us), write_us)

    def get(self, key: K) -> V | None:
        return self._cells[key][1] if key in self._cells and self._is_there(key) else None

    def items(self) -> Iterable[tuple[K, V]]:
        return ((key, value) for key, (_, value) in self._cells.items() if self._is_there(key))

    def _is_there(self, key: K) -> bool:
        return key not in self._removed_us or self._cells[key][0] > self._removed_us[key]


@dataclass(slots=True)
class MemoryTails:
    switch: Switch
    _events: dict[Person, dict[tuple[int, str], Event]] = field(default_factory=dict)

    async def append(self, events: Sequence[Event]) -> None:
        self.switch.check()
        for event in events:
            self._events.setdefault(event.person, {})[event.occurred_at, event.event_id] = event

    async def newest(self, person: Person, limit: int) -> tuple[Event, ...]:
        self.switch.check()
        rows = sorted(self._events.get(person, {}).items(), reverse=True)
        return tuple(event for _, event in rows[:limit])

    async def trim(self, person: Person, keep: int) -> None:
        self.switch.check()
        events = self._events.get(person, {})
        for key in sorted(events, reverse=True)[keep:]:
            del events[key]


@dataclass(slots=True)
class MemoryPanes:
    switch: Switch
    _cells: dict[str, Latest[PaneKey, bytes]] = field(default_factory=dict)

    async def put(self, cells: Sequence[PaneCell], write_us: int) -> None:
        self.switch.check()
        for cell in cells:
            self._cells.setdefault(cell.owner, Latest()).put(cell.key, cell.packed, write_us)

    async def since(self, owner: str, from_ms: int) -> Mapping[PaneKey, Facts]:
        self.switch.check()
        return {key: unpack(packed) for key, packed in self._visible(owner) if key[0] >= hour_of(from_ms)}

    async def remove(self, cells: Sequence[PaneCell], write_us: int) -> None:
        self.switch.check()
        for cell in cells:
            self._cells.setdefault(cell.owner, Latest()).remove(cell.key, write_us)

    async def scan(self, part: int, parts: int, from_ms: int, to_ms: int) -> Sequence[PaneCell]:
        self.switch.check()
        owners = [owner for owner in self._cells if crc32(owner.encode()) % parts == part]
        return [
            PaneCell(owner, *key, packed)
            for owner in owners
            for key, packed in self._visible(owner)
            if from_ms <= key[0] < to_ms
        ]

    def _visible(self, owner: str) -> Iterable[tuple[PaneKey, bytes]]:
        cells = list(self._cells[owner].items()) if owner in self._cells else []
        names: dict[int, list[str]] = {}
        for key, _ in cells:
            names.setdefault(hour_of(key[0]), []).append(entry_key(key))
        kept = {hour: sample(each) for hour, each in names.items()}
        return [(key, packed) for key, packed in cells if entry_key(key) in kept[hour_of(key[0])]]


@dataclass(slots=True)
class MemorySessions:
    switch: Switch
    _rows: Latest[tuple[Person, int, str], str] = field(default_factory=Latest)

    async def put(self, rows: Sequence[SessionRow], write_us: int) -> None:
        self.switch.check()
        for row in rows:
            self._rows.put((row.person, row.started_ms, row.session_id), row.features, write_us)

    async def remove(self, rows: Sequence[SessionRow], write_us: int) -> None:
        self.switch.check()
        for row in rows:
            self._rows.remove((row.person, row.started_ms, row.session_id), write_us)

    async def newest(self, person: Person, limit: int) -> tuple[SessionRow, ...]:
        self.switch.check()
        rows = [SessionRow(*key, features) for key, features in self._rows.items() if key[0] == person]
        return tuple(sorted(rows, key=lambda row: (-row.started_ms, row.session_id))[:limit])


@dataclass(slots=True)
class MemoryCandidates:
    switch: Switch
    _rows: dict[tuple[Person, str], bytes] = field(default_factory=dict)

    async def put(self, version: str, rows: Sequence[tuple[Person, bytes]]) -> None:
        self.switch.check()
        self._rows.update({(person, version): packed for person, packed in rows})

    async def get(self, person: Person, version: str) -> bytes | None:
        self.switch.check()
        return self._rows.get((person, version))


@dataclass(slots=True)
class MemoryDecisions:
    switch: Switch
    _records: dict[str, bytes] = field(default_factory=dict)

    async def put(self, records: Sequence[tuple[str, bytes]]) -> None:
        self.switch.check()
        self._records.update(records)

    async def get(self, request_id: str) -> bytes | None:
        self.switch.check()
        return self._records.get(request_id)


@dataclass(slots=True)
class MemoryProfiles:
    switch: Switch
    _rows: Latest[str, bytes] = field(default_factory=Latest)

    async def put(self, rows: Sequence[ProfileRow]) -> None:
        self.switch.check()
        for row in rows:
            self._rows.put(row.user_id, row.packed, row.write_us)

    async def get(self, user_id: str) -> bytes | None:
        self.switch.check()
        return self._rows.get(user_id)


@dataclass(slots=True)
class MemoryPointers:
    switch: Switch
    _pointer: Pointer | None = None

    async def get(self) -> Pointer | None:
        self.switch.check()
        return self._pointer

    async def flip(self, version: str, flipped_ms: int) -> Pointer:
        self.switch.check()
        served = self._pointer
        if served is None or served.version != version:
            self._pointer = served = Pointer(version, served.version if served else None, flipped_ms)
        return served


@dataclass(slots=True)
class MemoryClocks:
    switch: Switch
    _received_ms: dict[str, int] = field(default_factory=dict)

    async def advance(self, writer: str, received_ms: int) -> None:
        self.switch.check()
        self._received_ms[writer] = max(received_ms, self._received_ms.get(writer, received_ms))

    async def now_ms(self) -> int | None:
        self.switch.check()
        return max(self._received_ms.values(), default=None)


@dataclass(slots=True)
class MemoryLeases:
    switch: Switch
    _leases: dict[str, Lease] = field(default_factory=dict)
    _last_us: dict[str, int] = field(default_factory=dict)

    async def acquire(self, lease: Lease, now_ms: int) -> Lease:
        self.switch.check()
        held = self._leases.get(lease.writer, lease)
        refuse_lease(held, lease, now_ms)
        self._leases[lease.writer] = lease
        return held

    async def release(self, writer: str, owner: str) -> None:
        self.switch.check()
        held = self._leases.get(writer)
        if held is not None and held.owner == owner:
            self._leases[writer] = replace(held, expires_ms=0)

    async def forget(self, writer: str) -> None:
        self.switch.check()
        self._leases.pop(writer, None)

    async def next_write_us(self, writer: str, now_us: int) -> int:
        self.switch.check()
        self._last_us[writer] = max(self._last_us.get(writer, 0) + 1, now_us)
        return self._last_us[writer]


@dataclass(slots=True)
class MemoryCounts:
    switch: Switch
    _counted: Latest[tuple[str, int], int] = field(default_factory=Latest)

    async def put(self, rows: Sequence[tuple[str, int, int]], write_us: int) -> None:
        self.switch.check()
        for raw_partition, hour_ms, counted in rows:
            self._counted.put((raw_partition, hour_ms), counted, write_us)

    async def of(self, raw_partition: str) -> Mapping[int, int]:
        self.switch.check()
        return {key[1]: counted for key, counted in self._counted.items() if key[0] == raw_partition}


@dataclass(slots=True)
class MemoryTrends:
    switch: Switch
    _newest: tuple[int, Published, bytes] | None = None

    async def publish(self, published: Published, packed: bytes, write_us: int) -> None:
        self.switch.check()
        if self._newest is None or write_us > self._newest[0]:
            self._newest = write_us, published, packed

    async def published(self) -> Published | None:
        self.switch.check()
        return None if self._newest is None else self._newest[1]

    async def lists(self) -> tuple[Published, bytes] | None:
        self.switch.check()
        return None if self._newest is None else self._newest[1:]


class MemoryStores:
    """All of them; `switch.down = True` makes every call raise StoreUnavailable until it is False again."""

    def __init__(self) -> None:
        self.switch = Switch()
        self.tails = MemoryTails(self.switch)
        self.user_panes = MemoryPanes(self.switch)
        self.item_panes = MemoryPanes(self.switch)
        self.sessions = MemorySessions(self.switch)
        self.candidates = MemoryCandidates(self.switch)
        self.decisions = MemoryDecisions(self.switch)
        self.profiles = MemoryProfiles(self.switch)
        self.pointers = MemoryPointers(self.switch)
        self.clocks = MemoryClocks(self.switch)
        self.leases = MemoryLeases(self.switch)
        self.counts = MemoryCounts(self.switch)
        self.trends = MemoryTrends(self.switch)

    async def close(self) -> None:
        """Nothing to let go of."""
