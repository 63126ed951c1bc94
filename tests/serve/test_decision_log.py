"""Decisions reach the topic once the broker can take them; what the queue cannot hold is counted, never waited for."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from headrace.errors import RecordTooLarge
from headrace.serve.decision_log import CAPACITY, GATHER_S, DecisionLog
from headrace.serve.metrics import Metrics
from headrace.stores.memory_log import MemoryLog
from headrace.stores.ports import Appended


async def worked(decisions: DecisionLog, deadline_s: float) -> None:
    working = asyncio.create_task(decisions.run())
    await decisions.drain(deadline_s)
    working.cancel()
    await asyncio.gather(working, return_exceptions=True)


def test_what_was_offered_while_the_broker_was_away_is_appended_when_it_is_back() -> None:
    async def scenario() -> None:
        log, metrics = MemoryLog(), Metrics()
        decisions = DecisionLog(log, "decisions", metrics)
        log.switch.down = True
        decisions.offer("r1", lambda: b"one")
        decisions.offer("r2", lambda: b"two")
        working = asyncio.create_task(decisions.run())
        await asyncio.sleep(0.05)
        assert log.records == {}
        log.switch.down = False
        await decisions.drain(5.0)
        working.cancel()
        await asyncio.gather(working, return_exceptions=True)
        assert sorted(log.records["decisions"]) == [(b"r1", b"one", ()), (b"r2", b"two", ())]
        assert metrics.total("decisions_logged_total") == 2

    asyncio.run(scenario())


def test_what_the_queue_cannot_hold_is_dropped_and_counted() -> None:
    async def scenario() -> None:
        metrics = Metrics()
        decisions = DecisionLog(MemoryLog(), "decisions", metrics)
        for number in range(CAPACITY + 3):
            decisions.offer(str(number), lambda: b"")
        assert metrics.total("decisions_dropped_total") == 3
        assert decisions.waiting == CAPACITY

    asyncio.run(scenario())


def test_what_cannot_be_drained_in_time_is_counted_as_dropped() -> None:
    async def scenario() -> None:
        log, metrics = MemoryLog(), Metrics()
        log.switch.down = True
        decisions = DecisionLog(log, "decisions", metrics)
        decisions.offer("r1", lambda: b"one")
        await worked(decisions, 0.05)
        assert metrics.total("decisions_dropped_total") == 1

    asyncio.run(scenario())


class Narrow(MemoryLog):
    """A broker that takes no record of more than three bytes."""

    async def append(
        self, topic: str, key: bytes | None, value: bytes | None, headers: Sequence[tuple[str, bytes]] = ()
    ) -> Appended:
        if value is not None and len(value) > 3:
            raise RecordTooLarge(f"{len(value)} bytes")
        return await super().append(topic, key, value, headers)


def test_a_record_that_is_too_large_is_dropped_and_counted_and_the_others_are_kept() -> None:
    async def scenario() -> None:
        log, metrics = Narrow(), Metrics()
        decisions = DecisionLog(log, "decisions", metrics)
        decisions.offer("r1", lambda: b"too large")
        decisions.offer("r2", lambda: b"two")
        await worked(decisions, 5.0)
        assert log.records["decisions"] == [(b"r2", b"two", ())]
        assert (metrics.total("decisions_logged_total"), metrics.total("decisions_dropped_total")) == (1, 1)
        assert decisions.waiting == 0

    asyncio.run(scenario())


def test_a_record_that_cannot_be_made_is_dropped_and_counted_and_ends_nothing() -> None:
    def broken() -> bytes:
        raise ValueError("out of range")

    async def scenario() -> None:
        log, metrics = MemoryLog(), Metrics()
        decisions = DecisionLog(log, "decisions", metrics)
        decisions.offer("r1", broken)
        decisions.offer("r2", lambda: b"two")
        await worked(decisions, 5.0)
        assert log.records["decisions"] == [(b"r2", b"two", ())]
        assert (metrics.total("decisions_logged_total"), metrics.total("decisions_dropped_total")) == (1, 1)

    asyncio.run(scenario())


def test_a_record_is_made_after_the_answer_that_is_under_way_and_before_the_next_turns_work() -> None:
    order: list[str] = []

    def record() -> bytes:
        order.append("record")
        return b"one"

    async def scenario() -> None:
        decisions = DecisionLog(MemoryLog(), "decisions", Metrics())
        decisions.offer("r1", record)
        order.append("answer")
        asyncio.get_running_loop().call_soon(order.append, "next")
        await worked(decisions, 5.0)

    asyncio.run(scenario())
    assert order == ["answer", "record", "next"]


def test_records_leave_together() -> None:
    """Each with a request of its own would cost the broker and both interpreters as much as ranking."""
    moments: list[float] = []

    class Timed(MemoryLog):
        async def append(
            self, topic: str, key: bytes | None, value: bytes | None, headers: Sequence[tuple[str, bytes]] = ()
        ) -> Appended:
            moments.append(asyncio.get_running_loop().time())
            return await super().append(topic, key, value, headers)

    async def scenario() -> None:
        decisions = DecisionLog(Timed(), "decisions", Metrics())
        working = asyncio.create_task(decisions.run())
        for number in range(4):
            decisions.offer(f"r{number}", lambda: b"one")
            await asyncio.sleep(GATHER_S / 25)
        await decisions.drain(5.0)
        working.cancel()
        await asyncio.gather(working, return_exceptions=True)

    asyncio.run(scenario())
    assert len(moments) == 4
    assert max(moments) - min(moments) < GATHER_S / 2
