"""Decisions reach the topic once the broker can take them; what the queue cannot hold is counted, never waited for."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence

from headrace.errors import RecordTooLarge
from headrace.serve.decision_log import CAPACITY, PATIENCE_S, DecisionLog
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


def test_records_are_made_while_the_loop_has_nothing_else_to_do_and_after_a_second_whoever_waits() -> None:
    made_after: list[float] = []

    async def busy(until: float) -> None:
        while time.monotonic() < until:
            time.sleep(0.001)  # a request that computes
            await asyncio.sleep(0)

    async def scenario(busy_s: float) -> None:
        decisions, began = DecisionLog(MemoryLog(), "decisions", Metrics()), time.monotonic()

        def record() -> bytes:
            made_after.append(time.monotonic() - began)
            return b"one"

        decisions.offer("r1", record)
        await asyncio.gather(busy(began + busy_s), worked(decisions, 5.0))

    asyncio.run(scenario(busy_s=0.3))
    asyncio.run(scenario(busy_s=2.0))
    assert 0.3 <= made_after[0] < PATIENCE_S
    assert PATIENCE_S <= made_after[1] < 2.0
