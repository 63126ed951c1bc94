"""Decisions reach the topic once the broker can take them; what the queue cannot hold is counted, never waited for."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence

from headrace.errors import RecordTooLarge
from headrace.serve.decision_log import BATCH, CAPACITY, PATIENCE_S, DecisionLog
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


async def busy(wanted: Callable[[], bool]) -> None:
    """Requests that compute, one after the other."""
    while wanted():
        time.sleep(0.001)
        await asyncio.sleep(0)


def test_a_record_waits_until_the_loop_has_nothing_else_to_do() -> None:
    order: list[str] = []

    async def scenario() -> None:
        decisions, until = DecisionLog(MemoryLog(), "decisions", Metrics()), time.monotonic() + PATIENCE_S / 3

        async def requests() -> None:
            await busy(lambda: time.monotonic() < until)
            order.append("idle")

        def record() -> bytes:
            order.append("made")
            return b"one"

        decisions.offer("r1", record)
        await asyncio.gather(requests(), worked(decisions, 5.0))

    asyncio.run(scenario())
    assert order == ["idle", "made"]


def test_under_load_that_never_ends_each_record_waits_its_second_and_no_batch_one_more() -> None:
    offered = 2 * BATCH
    waited: list[float] = []

    async def scenario() -> None:
        decisions, began = DecisionLog(MemoryLog(), "decisions", Metrics()), time.monotonic()

        def record() -> bytes:
            waited.append(time.monotonic() - began)
            return b"one"

        for number in range(offered):
            decisions.offer(f"r{number}", record)
        await asyncio.gather(busy(lambda: len(waited) < offered), worked(decisions, 60.0))

    asyncio.run(scenario())
    assert waited[0] >= PATIENCE_S
    assert waited[BATCH] - waited[BATCH - 1] < PATIENCE_S, "the second batch has waited already"
