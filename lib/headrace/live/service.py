"""Take, write, commit, again: every event into its person's tail, every decision by its id, every profile by its
user, the world's clock forward.

What cannot be written is held and tried again, without committing, for as long as it takes. No Kafka, no Cassandra.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Final, Literal, TypeVar

from headrace.domain.events import Event, Person
from headrace.errors import StoreUnavailable
from headrace.failpoints import reach
from headrace.live.batch import Batch, Topics, read_batch
from headrace.live.inlet import Inlet
from headrace.live.lengths import TailLengths
from headrace.live.recent import RecentKeys
from headrace.settings import MOST_TAIL
from headrace.stores.ports import Stores

T = TypeVar("T")

WRITER: Final = "live"  # one name for all members of the group: of what they say of the clock, the newest wins
RECENT_KEYS: Final = 100_000  # about 30 MB, twenty seconds at 5,000 events/s; most redeliveries are nearer than that
LONGEST_TAIL: Final = 2 * MOST_TAIL  # so that one read and one delete go with a thousand events of a machine
LENGTHS: Final = 50_000  # about 8 MB; who acts once in ten seconds is among them at 5,000 events/s
CLOCK_EVERY_S: Final = 0.05
PACE_S: Final = 0.005  # a take, a wake-up and a write each cost more than an event: a few events share them
FIRST_RETRY_S: Final = 0.05
LAST_RETRY_S: Final = 2.0
SAY_AGAIN_S: Final = 10.0

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Progress:
    """What was done since the start. "waiting": a store does not answer, and nothing is committed meanwhile."""

    state: Literal["starting", "reading", "waiting"] = "starting"
    events: int = 0
    repeats: int = 0
    decisions: int = 0
    profiles: int = 0
    unreadable: int = 0
    received_ms: int | None = None  # the newest received_at that went through


@dataclass(slots=True)
class Live:
    """One member of the group. `stopping` ends it after the batch under way; `clock_s` is a monotonic clock."""

    inlet: Inlet
    topics: Topics
    stopping: asyncio.Event
    clock_s: Callable[[], float]
    recent: RecentKeys = field(default_factory=lambda: RecentKeys(RECENT_KEYS))
    lengths: TailLengths = field(default_factory=lambda: TailLengths(LENGTHS, LONGEST_TAIL, MOST_TAIL))
    progress: Progress = Progress()
    _advanced_ms: int | None = None
    _advanced_s: float = float("-inf")

    async def run(self, open_stores: Callable[[], Awaitable[Stores]]) -> None:
        """Until `stopping`. It opens the stores itself, because that too may have to be tried for a while."""
        stores = await self._until_available(open_stores, self.inlet.keep)
        if stores is None:
            return
        try:
            self.progress = replace(self.progress, state="reading")
            while not self.stopping.is_set():
                await self._one_batch(stores)
                await asyncio.sleep(PACE_S)
            await self._until_available(lambda: self._advance(stores), self.inlet.keep)
        finally:
            await stores.close()

    async def _one_batch(self, stores: Stores) -> None:
        taken = await self._until_available(self.inlet.take, _nothing)
        if taken is None:
            return
        batch = read_batch(taken, self.topics)
        self.recent.remember(batch.seen)
        fresh = self.recent.fresh(batch.events)
        newest = [ms for ms in (self.progress.received_ms, batch.newest_received_ms) if ms is not None]
        self.progress = replace(self.progress, received_ms=max(newest, default=None))
        if await self._until_available(lambda: self._write(stores, fresh, batch), self.inlet.keep):
            reach("live.after_write")
            self.recent.remember(fresh)
            await self.inlet.written(batch.offsets)
            self._count(batch, len(fresh))
            await self._trim(stores, self.lengths.grown(fresh))

    async def _write(self, stores: Stores, fresh: Sequence[Event], batch: Batch) -> bool:
        reach("live.before_write")
        await stores.tails.append(fresh)
        reach("live.after_tails")
        await stores.decisions.put(batch.decisions)
        await stores.profiles.put(batch.profiles)
        if self.clock_s() - self._advanced_s >= CLOCK_EVERY_S:
            await self._advance(stores)
        return True

    async def _trim(self, stores: Stores, people: Sequence[Person]) -> None:
        """Nothing depends on it: what fails is tried again after these people's next thousand events, not before."""
        try:
            await asyncio.gather(*(stores.tails.trim(person, MOST_TAIL) for person in people))
        except StoreUnavailable as error:
            log.warning("the tails of %s are trimmed later: %s", ", ".join(people), error)

    async def _advance(self, stores: Stores) -> None:
        newest_ms = self.progress.received_ms
        if newest_ms is not None and newest_ms != self._advanced_ms:
            await stores.clocks.advance(WRITER, newest_ms)
            self._advanced_ms, self._advanced_s = newest_ms, self.clock_s()

    def _count(self, batch: Batch, fresh: int) -> None:
        if batch.unreadable:
            log.error("passed over %d unreadable records, first %s", len(batch.unreadable), batch.unreadable[0])
        self.progress = replace(
            self.progress,
            events=self.progress.events + fresh,
            repeats=self.progress.repeats + len(batch.events) - fresh,
            decisions=self.progress.decisions + len(batch.decisions),
            profiles=self.progress.profiles + len(batch.profiles),
            unreadable=self.progress.unreadable + len(batch.unreadable),
        )

    async def _until_available(
        self, call: Callable[[], Awaitable[T]], meanwhile: Callable[[], Awaitable[None]]
    ) -> T | None:
        """The call's result, however often it takes; None when `stopping` came before it succeeded."""
        before, pause_s, said_s = self.progress.state, FIRST_RETRY_S, float("-inf")
        while True:
            try:
                result = await call()
            except StoreUnavailable as error:
                if self.clock_s() - said_s >= SAY_AGAIN_S:
                    said_s = self.clock_s()
                    log.warning("waiting, nothing is committed and nothing lost: %s", error)
            else:
                if self.progress.state == "waiting" and before != "waiting":
                    log.warning("writing again")
                self.progress = replace(self.progress, state=before)
                return result
            if self.stopping.is_set():
                return None
            self.progress = replace(self.progress, state="waiting")
            await self._idle(pause_s, meanwhile)
            pause_s = min(2 * pause_s, LAST_RETRY_S)

    async def _idle(self, seconds: float, meanwhile: Callable[[], Awaitable[None]]) -> None:
        try:
            await meanwhile()
        except StoreUnavailable as error:
            log.debug("not even the broker answers: %s", error)
        try:
            await asyncio.wait_for(self.stopping.wait(), seconds)
        except TimeoutError:
            return


async def _nothing() -> None:
    """For a wait during which there is nothing to keep alive."""
