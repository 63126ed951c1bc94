"""Read, count, and every few seconds rank and publish. No Kafka, no Cassandra.

A store that is away costs snapshots and no counts: the next one holds everything. The broker away, nothing is
published, and the age of the last snapshot tells.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Final

from headrace.domain.trend_lists import id_of, pack
from headrace.domain.trends import trends_of
from headrace.errors import BadEvent, LeaseHeld, StoreUnavailable
from headrace.failpoints import reach
from headrace.stores.event_json import read_event
from headrace.stores.kafka import Partition
from headrace.stores.ports import Lease, Published, Stores
from headrace.trends.day import Day
from headrace.trends.reading import Reading
from headrace.trends.source import Source
from headrace.trends.state import State

WRITER: Final = "trends"
CHECKPOINT: Final = "events.clean"
"""What the lease remembers: all state comes out of the topic, so there is no checkpoint to lose."""

LEASE_ROUNDS: Final = 3
"""So many rounds after its holder has died another machine publishes; on the same machine a restart does at once."""

SAVE_S: Final = 300.0
"""At 500 events/s that is 60 MB in five minutes, and after a kill some seconds of reading."""

FINISH_S: Final = 3.0
PAUSE_S: Final = 1.0
SAY_AGAIN_S: Final = 10.0

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Progress:
    """`clock_ms`: of the newest snapshot; `lag`: records not yet read, as of then; `ends`: partition → up to where all
    that counts is in what is published, by this process or another."""

    publications: int = 0
    clock_ms: int | None = None
    lag: int | None = None
    unreadable: int = 0
    ends: Mapping[Partition, int] = field(default_factory=dict)


@dataclass(slots=True)
class Publisher:
    """`stores` raises StoreUnavailable until they were reached; `wall_ms` and `clock_s` are the wall's and a monotonic
    clock. Where not `is_wall_world`, time is the newest received_at. `save` keeps what was counted for a restart."""

    source: Source
    reading: Reading
    stores: Callable[[], Stores]
    owner: str
    horizon_ms: int
    publish_s: float
    wall_ms: Callable[[], int]
    clock_s: Callable[[], float]
    is_wall_world: bool
    save: Callable[[State], None]
    day: Day = field(default_factory=Day)
    progress: Progress = Progress()
    _said_s: float = float("-inf")

    async def run(self, stopping: asyncio.Event, published: Callable[[Progress], None]) -> None:
        """Until `stopping`; `published` hears of each round. Then a last one, and the lease is given back."""
        due_s, save_s = self.clock_s(), self.clock_s() + SAVE_S
        while not stopping.is_set():
            try:
                await self.read()
                if self.clock_s() >= save_s:
                    save_s = self.clock_s() + SAVE_S
                    self.save(self._state())
                if self.clock_s() >= due_s:
                    due_s = self.clock_s() + self.publish_s
                    await self.publish()
                    published(self.progress)
            except LeaseHeld as error:
                self._say("another publishes: %s", error)
                published(self.progress)
            except StoreUnavailable as error:
                self._say("nothing is published meanwhile: %s", error)
                await _pause(stopping)
        await self._finish()
        self.save(self._state())

    async def _finish(self) -> None:
        """What is still to be read, as far as there is time for it: a replay stops its world when all is drained."""
        until_s = self.clock_s() + FINISH_S
        try:
            await self.publish()
            while self.progress.lag and self.clock_s() < until_s:
                await self.read()
                await self.publish()
            await self.stores().leases.release(WRITER, self.owner)
        except (LeaseHeld, StoreUnavailable) as error:
            log.warning("nothing was published at the end: %s", error)

    async def read(self) -> None:
        """Count what arrived."""
        events, unreadable = [], 0
        for record in await self.source.take():
            try:
                event = read_event(record.value or b"")
            except BadEvent as error:
                unreadable += 1
                self._say("passed over a record that is no event: %s", error)
                self.reading.read((record.topic, record.partition), record.offset, None)
            else:
                events.append(event)
                self.reading.read((record.topic, record.partition), record.offset, event.received_at)
        self.day.take(events)
        self.progress = replace(self.progress, unreadable=self.progress.unreadable + unreadable)

    async def publish(self) -> None:
        """Rank what was counted and publish it, unless something newer is published. Raises LeaseHeld."""
        wall_ms = self.wall_ms()  # before the ends: what was received until then is before them
        ends = await self.source.ends()
        clock_ms = self.reading.until(ends, wall_ms if self.is_wall_world else self.reading.newest_ms())
        self.progress = replace(self.progress, lag=self.reading.lag(ends))
        ends_read = dict(self.reading.offsets)
        if clock_ms is None:
            if self.reading.newest_ms() is None:
                self.progress = replace(self.progress, ends=ends_read)  # there is no event in there
            return
        self.day.pass_on(clock_ms, clock_ms - self.horizon_ms)
        packed = pack(trends_of(self.day.items, self.day.sums(clock_ms)))
        stores = self.stores()
        until_ms = wall_ms + round(LEASE_ROUNDS * 1000 * self.publish_s)
        await stores.leases.acquire(Lease(WRITER, self.owner, CHECKPOINT, until_ms), wall_ms)
        before = await stores.trends.published()
        if before is not None and before.clock_ms > clock_ms:
            self.progress = replace(self.progress, ends=ends_read)
            return  # it reads a day again, and gets to where the last one was
        reach("trends.before_write")
        write_us = await stores.leases.next_write_us(WRITER, wall_ms * 1000)
        await stores.trends.publish(Published(id_of(packed), clock_ms), packed, write_us)
        reach("trends.after_write")
        publications = self.progress.publications + 1
        self.progress = replace(self.progress, publications=publications, clock_ms=clock_ms, ends=ends_read)

    def _state(self) -> State:
        return State(self.day, self.reading.offsets, self.reading.until_ms)

    def _say(self, what: str, error: Exception) -> None:
        if self.clock_s() - self._said_s >= SAY_AGAIN_S:
            self._said_s = self.clock_s()
            log.warning(what, error)


async def _pause(stopping: asyncio.Event) -> None:
    try:
        await asyncio.wait_for(stopping.wait(), PAUSE_S)
    except TimeoutError:
        return
