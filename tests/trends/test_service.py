"""The publisher on memory stores: what is published when, and what happens when a store or the broker is away."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import pytest

from headrace.domain.clean import write_clean
from headrace.domain.events import Event
from headrace.domain.panes import HOUR_MS
from headrace.domain.trend_lists import id_of, unpack
from headrace.domain.trends import Ranked
from headrace.errors import StoreUnavailable
from headrace.failpoints import Failpoint, FaultInjected, arm
from headrace.stores.kafka import Partition, Record
from headrace.stores.memory import MemoryStores
from headrace.stores.ports import Lease, Published
from headrace.trends.day import Day
from headrace.trends.reading import Reading
from headrace.trends.service import WRITER, Progress, Publisher
from headrace.trends.state import State
from tests.trends.test_day import NOW, event

CLEAN = "w.events.clean"


@dataclass
class ListSource:
    """Gives a batch at each take, then asks its reader to stop; `ends` are as if all of it was in the topic at once."""

    batches: Sequence[Sequence[Record]]
    stopping: asyncio.Event
    broken: bool = False
    _given: int = 0

    async def take(self) -> Sequence[Record]:
        if self._given == len(self.batches):
            self.stopping.set()
            return ()
        self._given += 1
        return self.batches[self._given - 1]

    async def ends(self) -> Mapping[Partition, int]:
        if self.broken:
            raise StoreUnavailable("no broker")
        ends = {(CLEAN, 0): 0}
        for record in (record for batch in self.batches for record in batch):
            place = record.topic, record.partition
            ends[place] = max(ends.get(place, 0), record.offset + 1)
        return ends

    async def close(self) -> None:
        """Nothing to let go of."""


def records(*events: Event, first: int = 0) -> list[Record]:
    return [
        Record(CLEAN, 0, first + at, one.received_at, one.person.encode(), write_clean(one), ())
        for at, one in enumerate(events)
    ]


@dataclass
class Ran:
    """Runs of publishers over one store."""

    stores: MemoryStores = field(default_factory=MemoryStores)
    told: list[Progress] = field(default_factory=list)
    saved: list[State] = field(default_factory=list)

    def publisher(self, source: ListSource, wall: bool = True, left: State | None = None) -> Publisher:
        """One that has read nothing yet, or goes on from what was left."""
        ticks = iter(range(1_000_000))
        return Publisher(
            source=source,
            reading=Reading(dict(left.offsets), dict(left.until_ms)) if left else Reading({(CLEAN, 0): 0}),
            day=left.day if left else Day(),
            stores=lambda: self.stores,
            owner="here",
            horizon_ms=2 * HOUR_MS,
            publish_s=1.0,
            wall_ms=lambda: NOW,
            clock_s=lambda: float(next(ticks)),
            is_wall_world=wall,
            save=self.saved.append,
        )

    def run(self, *batches: Sequence[Record], broken: bool = False, wall: bool = True) -> Publisher:
        async def until_stopped() -> Publisher:
            stopping = asyncio.Event()
            publisher = self.publisher(ListSource(batches, stopping, broken), wall)
            await publisher.run(stopping, self.told.append)
            return publisher

        return asyncio.run(until_stopped())

    def published(self) -> tuple[Published, bytes] | None:
        return asyncio.run(self.stores.trends.lists())


def test_what_was_read_is_ranked_and_published_until_now() -> None:
    ran = Ran()
    ran.run(records(event("view", "mug"), event("purchase", "pan", HOUR_MS), event("view", "pot", late=True)))
    found = ran.published()
    assert found is not None
    published, packed = found
    assert published == Published(id_of(packed), NOW)
    lists = unpack(packed).lists
    assert lists["5m", "popular"] == Ranked(("mug",), (1_000_000,))
    assert lists["1h", "popular"] == Ranked(("pan", "mug"), (5_000_000, 1_000_000))
    assert ran.told[-1].clock_ms == NOW
    assert ran.told[-1].lag == 0


def test_while_it_reads_a_day_again_nothing_newer_is_overwritten() -> None:
    ran = Ran()
    ran.run(records(event("view", "mug")))
    before = ran.published()
    old = records(event("view", "pan", 5 * HOUR_MS))
    behind = ran.run(old, records(event("view", "pot", 4 * HOUR_MS), first=1))
    assert before is not None
    assert ran.published() != before, "at its end it publishes again"
    assert behind.progress.publications == 3  # after the second batch, after the empty one, at the end; not at first


def test_in_a_world_of_the_stream_the_window_ends_with_the_newest_event() -> None:
    ran = Ran()
    ran.run([], records(event("view", "mug", 9 * HOUR_MS)), wall=False)
    found = ran.published()
    assert found is not None
    assert found[0].clock_ms == NOW - 9 * HOUR_MS
    assert unpack(found[1]).lists["5m", "popular"].items == ("mug",)


def test_a_record_that_is_no_event_is_passed_over_and_counted() -> None:
    ran = Ran()
    bad = Record(CLEAN, 0, 0, 0, None, b"[]", ())
    publisher = ran.run([bad, *records(event("view", "mug"), first=1)])
    assert publisher.progress.unreadable == 1
    found = ran.published()
    assert found is not None
    assert unpack(found[1]).lists["5m", "popular"].items == ("mug",)


def test_another_holder_publishes_and_this_one_waits_until_its_lease_ends(caplog) -> None:
    ran = Ran()
    asyncio.run(ran.stores.leases.acquire(Lease(WRITER, "there", "events.clean", NOW + 1), NOW))
    ran.run(records(event("view", "mug")))
    assert ran.published() is None
    assert "there holds the lease" in caplog.text
    assert ran.told, "it is ready all the same"
    asyncio.run(ran.stores.leases.release(WRITER, "there"))
    ran.run(records(event("view", "mug")))
    assert ran.published() is not None


def test_without_the_store_it_goes_on_counting_and_then_publishes_everything(monkeypatch) -> None:
    monkeypatch.setattr("headrace.trends.service.PAUSE_S", 0.001)
    ran = Ran()
    ran.stores.switch.down = True
    publisher = ran.run(records(event("view", "mug")))
    assert ran.told == []
    ran.stores.switch.down = False
    asyncio.run(publisher.publish())
    found = ran.published()
    assert found is not None
    assert unpack(found[1]).lists["5m", "popular"].items == ("mug",)


def test_without_the_broker_nothing_claims_to_be_new(monkeypatch) -> None:
    monkeypatch.setattr("headrace.trends.service.PAUSE_S", 0.001)
    ran = Ran()
    ran.run(records(event("view", "mug")), broken=True)
    assert ran.published() is None


def test_what_was_saved_and_not_published_is_published_by_a_restart_though_no_event_comes(monkeypatch) -> None:
    monkeypatch.setattr("headrace.trends.service.PAUSE_S", 0.001)
    ran, one = Ran(), records(event("view", "mug"))
    ran.stores.switch.down = True
    ran.run(one, wall=False)
    ran.stores.switch.down = False
    again = ran.publisher(ListSource([one], asyncio.Event()), wall=False, left=ran.saved[-1])
    asyncio.run(again.publish())
    found = ran.published()
    assert found is not None
    assert (found[0].clock_ms, unpack(found[1]).lists["5m", "popular"].items) == (NOW, ("mug",))
    assert again.progress.ends == {(CLEAN, 0): 1}


def test_it_has_published_up_to_where_it_had_read_then(monkeypatch) -> None:
    monkeypatch.setattr("headrace.trends.service.PAUSE_S", 0.001)
    ran = Ran()
    ran.stores.switch.down = True
    publisher = ran.run(records(event("view", "mug")))
    assert (publisher.reading.offsets, publisher.progress.ends) == ({(CLEAN, 0): 1}, {}), "counted, and not published"
    ran.stores.switch.down = False
    asyncio.run(publisher.publish())
    assert publisher.progress.ends == {(CLEAN, 0): 1}
    publisher.reading.offsets[CLEAN, 0] = 2
    assert publisher.progress.ends == {(CLEAN, 0): 1}, "it does not grow by reading"


def test_what_something_newer_already_says_need_not_be_published_to_be_through() -> None:
    ran = Ran()
    ran.run(records(event("view", "mug")), wall=False)
    behind = ran.run(records(event("view", "pan", 5 * HOUR_MS)), wall=False)
    assert (behind.progress.publications, behind.progress.ends) == (0, {(CLEAN, 0): 1})


def test_a_world_of_the_stream_in_which_nothing_is_an_event_is_through_without_a_list() -> None:
    ran = Ran()
    publisher = ran.run([Record(CLEAN, 0, 0, 0, None, b"[]", ())], wall=False)
    assert (ran.published(), publisher.progress.ends) == (None, {(CLEAN, 0): 1})


def test_a_stop_reads_and_publishes_what_is_still_there() -> None:
    ran, stopping = Ran(), asyncio.Event()
    publisher = ran.publisher(ListSource([records(event("view", "mug"))], stopping))
    stopping.set()
    asyncio.run(publisher.run(stopping, ran.told.append))
    found = ran.published()
    assert found is not None
    assert unpack(found[1]).lists["5m", "popular"].items == ("mug",)


def test_a_stop_saves_everything_that_was_read() -> None:
    ran = Ran()
    publisher = ran.run(records(event("view", "mug"), event("view", "pan")))
    assert [state.offsets for state in ran.saved] == [{(CLEAN, 0): 2}]
    assert ran.saved[0].day is publisher.day


@pytest.mark.parametrize(("point", "published_before"), [("trends.before_write", 0), ("trends.after_write", 1)])
@pytest.mark.parametrize("nth", [1, 2])
def test_after_a_failure_on_either_side_of_the_write_the_lists_are_as_if_there_was_none(
    point: str, published_before: int, nth: int
) -> None:
    first, second = records(event("view", "mug")), records(event("purchase", "pan", HOUR_MS), first=1)
    whole, ran = Ran(), Ran()
    whole.run(first, second)
    arm(Failpoint(point, nth))
    try:
        with pytest.raises(FaultInjected):
            ran.run(first, second)
    finally:
        arm(None)
    assert len(ran.told) == nth - 1, "of the round that failed nobody heard"
    assert (ran.published() is None) == (nth - 1 + published_before == 0)
    assert ran.saved == []
    ran.run(first, second)
    assert ran.published() == whole.published()


def test_a_restart_publishes_the_same_content() -> None:
    ran, all_of_it = Ran(), records(event("view", "mug"), event("purchase", "pan", HOUR_MS), event("click", "mug", 1))
    ran.run(all_of_it)
    once = ran.published()
    ran.run(*[[record] for record in all_of_it], all_of_it)  # in other batches, and delivered again
    again = ran.published()
    assert once is not None
    assert again is not None
    assert again[1] == once[1]
