"""The live service on memory stores: what is written, what is committed, and what happens when a store is away."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from itertools import count

import pytest

from headrace.domain.events import Person
from headrace.domain.profile import unpack
from headrace.domain.strict_json import Document
from headrace.errors import StoreUnavailable
from headrace.live.batch import Taken
from headrace.live.service import Live, Progress
from headrace.stores.memory import MemoryStores, MemoryTails
from headrace.stores.ports import Stores
from tests.live.inlets import CLEAN, DECISIONS, TOPICS, USERS, ListInlet, clean_record, decision_record, user_record
from tests.stores.events import view


@pytest.fixture(autouse=True)
def short_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("headrace.live.service.FIRST_RETRY_S", 0.001)
    monkeypatch.setattr("headrace.live.service.LAST_RETRY_S", 0.002)


def serve(stores: MemoryStores, *batches: Taken, clock: Iterator[float] | None = None) -> tuple[ListInlet, Progress]:
    """Run a service over these batches to its end."""

    async def run() -> tuple[ListInlet, Progress]:
        stopping = asyncio.Event()
        inlet = ListInlet(batches, stopping)
        ticks = clock or count(0, 1)
        live = Live(inlet, TOPICS, stopping, lambda: float(next(ticks)))
        await live.run(OpenStores(stores))
        return inlet, live.progress

    return asyncio.run(run())


class OpenStores:
    """How the service opens its stores: the first `failures` times in vain."""

    def __init__(self, stores: Stores, failures: int = 0) -> None:
        self.stores = stores
        self.failures = failures

    async def __call__(self) -> Stores:
        if self.failures:
            self.failures -= 1
            raise StoreUnavailable("not yet")
        return self.stores


def tail(stores: Stores, person: str) -> Sequence[object]:
    return asyncio.run(_tail(stores, person))


async def _tail(stores: Stores, person: str) -> Sequence[object]:
    return await stores.tails.newest(Person(person), 100)


async def _now(stores: Stores) -> int | None:
    return await stores.clocks.now_ms()


async def _profile(stores: Stores, user_id: str) -> tuple[int, Document | None] | None:
    packed = await stores.profiles.get(user_id)
    return None if packed is None else unpack(packed)


async def _decision(stores: Stores, request_id: str) -> bytes | None:
    return await stores.decisions.get(request_id)


def test_events_reach_their_tails_and_decisions_their_ids_and_are_committed() -> None:
    stores = MemoryStores()
    first, second = view("u:1", "a", 5), view("u:1", "b", 6)
    inlet, progress = serve(
        stores,
        Taken((), (clean_record(first, 0), decision_record("r1", b"why", 4))),
        Taken((), (clean_record(second, 1),)),
    )
    assert tail(stores, "u:1") == (second, first)
    assert asyncio.run(_decision(stores, "r1")) == b"why"
    assert inlet.committed == {(CLEAN, 0): 2, (DECISIONS, 0): 5}
    assert (progress.events, progress.decisions, progress.repeats) == (2, 1, 0)


def test_profiles_reach_their_users_and_an_older_record_that_comes_again_changes_nothing() -> None:
    stores = MemoryStores()
    old, new = user_record("ann", b'{"country":"GB"}', 4, 7), user_record("ann", b'{"country":"FR"}', 5, 7)
    inlet, progress = serve(stores, Taken((), (old,)), Taken((), (new,)), Taken((), (old,)))
    assert asyncio.run(_profile(stores, "ann")) == (5, {"country": "FR"})  # both were appended in one millisecond
    assert progress.profiles == 3
    assert inlet.committed[USERS, 0] == 5


def test_the_first_of_two_with_one_key_stays_within_a_batch_and_across() -> None:
    stores = MemoryStores()
    first, other, third = (view("u:1", "a", 5, item=item) for item in ("i1", "i2", "i3"))
    _, progress = serve(
        stores,
        Taken((), (clean_record(first, 0), clean_record(other, 1))),
        Taken((), (clean_record(third, 2),)),
    )
    assert tail(stores, "u:1") == (first,)
    assert (progress.events, progress.repeats) == (1, 2)


def test_what_a_predecessor_wrote_is_known_and_not_overwritten() -> None:
    stores = MemoryStores()
    written, repeat = view("u:1", "a", 5, item="i1"), view("u:1", "a", 5, item="i2")
    asyncio.run(stores.tails.append([written]))
    inlet, progress = serve(stores, Taken((clean_record(written, 0),), ()), Taken((), (clean_record(repeat, 1),)))
    assert tail(stores, "u:1") == (written,)
    assert progress.repeats == 1
    assert inlet.committed == {(CLEAN, 0): 2}


def test_the_clock_is_the_newest_received_at_also_of_what_was_seen() -> None:
    stores = MemoryStores()
    serve(
        stores,
        Taken((clean_record(view("u:1", "a", 5, received_at=90), 0),), ()),
        Taken((), (clean_record(view("u:1", "b", 5, received_at=70), 1),)),
    )
    assert asyncio.run(_now(stores)) == 90


def test_the_clock_is_written_at_most_every_50_ms_and_once_more_at_the_end() -> None:
    advanced: list[int] = []

    class CountingClocks:
        async def advance(self, writer: str, received_ms: int) -> None:
            advanced.append(received_ms)

        async def now_ms(self) -> int | None:
            return None

    stores = MemoryStores()
    stores.clocks = CountingClocks()  # type: ignore[assignment]  # a double of the port where the reference stands
    batches = [Taken((), (clean_record(view("u:1", "a", ms), ms),)) for ms in range(1, 8)]
    # The service asks the time when it decides and when it has written: 20 ms pass from batch to batch.
    times = iter([0.000, 0.000, 0.020, 0.040, 0.060, 0.060, 0.080, 0.100, 0.120, 0.120, *[0.130] * 9])
    serve(stores, *batches, clock=times)
    assert advanced == [1, 4, 7]


class CountedTails:
    """The reference, with what was asked of it."""

    def __init__(self, tails: MemoryTails, fails: bool = False) -> None:
        self.append, self.newest, self._trim = tails.append, tails.newest, tails.trim
        self.fails = fails
        self.trims: list[tuple[str, int]] = []

    async def trim(self, person: Person, keep: int) -> None:
        self.trims.append((person, keep))
        if self.fails:
            raise StoreUnavailable("too slow")
        await self._trim(person, keep)


def hundreds(person: str, begin: int, end: int) -> list[Taken]:
    """Events at these moments, a hundred a batch."""
    moments = range(begin, end)
    return [
        Taken((), tuple(clean_record(view(person, f"e{ms}", ms), ms) for ms in moments[first : first + 100]))
        for first in range(0, len(moments), 100)
    ]


def test_a_machines_tail_is_trimmed_to_its_newest_thousand_and_a_persons_never() -> None:
    stores = MemoryStores()
    stores.tails = tails = CountedTails(stores.tails)  # type: ignore[assignment]  # a double of the port
    inlet, progress = serve(stores, *hundreds("u:1", 0, 2_000), *hundreds("u:bot", 0, 3_100))
    # With the batch that made it 2,100; the next thousand then made it 2,000 again, which is not too long yet.
    assert tails.trims == [("u:bot", 1_000)]
    assert len(asyncio.run(tails.newest(Person("u:1"), 10_000))) == 2_000
    left = [event.occurred_at for event in asyncio.run(tails.newest(Person("u:bot"), 10_000))]
    assert left == list(range(3_099, 1_099, -1))
    assert (inlet.committed[CLEAN, 0], progress.events) == (3_100, 5_100)


def test_a_trim_that_fails_holds_nothing_back_and_goes_with_the_next_thousand(
    caplog: pytest.LogCaptureFixture,
) -> None:
    stores = MemoryStores()
    stores.tails = tails = CountedTails(stores.tails, fails=True)  # type: ignore[assignment]  # likewise
    inlet, progress = serve(stores, *hundreds("u:bot", 0, 3_200))
    assert len(tails.trims) == 2
    assert (inlet.committed[CLEAN, 0], progress.events, progress.state) == (3_200, 3_200, "reading")
    assert "the tails of u:bot are trimmed later: too slow" in caplog.text


def test_nothing_is_trimmed_that_could_not_be_written() -> None:
    stores = MemoryStores()
    stores.tails = tails = CountedTails(stores.tails)  # type: ignore[assignment]  # likewise

    async def run() -> None:
        stopping = asyncio.Event()
        inlet = ListInlet([Taken((), tuple(r for taken in hundreds("u:bot", 0, 2_100) for r in taken.new))], stopping)
        live = Live(inlet, TOPICS, stopping, asyncio.get_running_loop().time)
        stores.switch.down = True
        serving = asyncio.create_task(live.run(OpenStores(stores)))
        while not inlet.kept:
            await asyncio.sleep(0.001)
        stopping.set()
        await serving

    asyncio.run(run())
    assert tails.trims == []


def test_a_store_that_is_away_is_waited_for_and_nothing_is_committed_meanwhile() -> None:
    stores = MemoryStores()
    stores.switch.down = True
    event = view("u:1", "a", 5)

    async def run() -> tuple[ListInlet, Progress, Progress]:
        stopping = asyncio.Event()
        inlet = ListInlet([Taken((), (clean_record(event, 0),))], stopping)
        live = Live(inlet, TOPICS, stopping, asyncio.get_running_loop().time)
        serving = asyncio.create_task(live.run(OpenStores(stores)))
        while inlet.kept < 3:  # it has tried three times and stayed in the group
            await asyncio.sleep(0.001)
        assert inlet.committed == {}
        while_away = live.progress
        stores.switch.down = False
        await serving
        return inlet, while_away, live.progress

    inlet, while_away, after = asyncio.run(run())
    assert while_away.state == "waiting"
    assert while_away.events == 0
    assert (after.state, after.events) == ("reading", 1)
    assert tail(stores, "u:1") == (event,)
    assert inlet.committed == {(CLEAN, 0): 1}


def test_a_stop_while_the_store_is_away_ends_it_without_committing() -> None:
    stores = MemoryStores()
    stores.switch.down = True

    async def run() -> ListInlet:
        stopping = asyncio.Event()
        inlet = ListInlet([Taken((), (clean_record(view("u:1", "a", 5), 0),))], stopping)
        live = Live(inlet, TOPICS, stopping, asyncio.get_running_loop().time)
        serving = asyncio.create_task(live.run(OpenStores(stores)))
        while not inlet.kept:
            await asyncio.sleep(0.001)
        stopping.set()
        await asyncio.wait_for(serving, 5)
        return inlet

    assert asyncio.run(run()).committed == {}


def test_stores_that_cannot_be_opened_yet_are_tried_again() -> None:
    stores = MemoryStores()
    event = view("u:1", "a", 5)

    async def run() -> None:
        stopping = asyncio.Event()
        inlet = ListInlet([Taken((), (clean_record(event, 0),))], stopping)
        await Live(inlet, TOPICS, stopping, asyncio.get_running_loop().time).run(OpenStores(stores, failures=3))

    asyncio.run(run())
    assert tail(stores, "u:1") == (event,)


def test_an_unreadable_record_does_not_stop_the_others(caplog: pytest.LogCaptureFixture) -> None:
    stores = MemoryStores()
    good = view("u:1", "a", 5)
    bad = decision_record("r1", None, 7)
    inlet, progress = serve(stores, Taken((), (bad, clean_record(good, 0))))
    assert tail(stores, "u:1") == (good,)
    assert progress.unreadable == 1
    assert inlet.committed == {(DECISIONS, 0): 8, (CLEAN, 0): 1}
    assert f"{DECISIONS}:0:7" in caplog.text
