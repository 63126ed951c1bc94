"""Decision records on their way to Kafka, after the answer has left. A bounded queue; what it cannot take is counted.

Not here: what a record holds (domain/decision.py).
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Final, TypeAlias

from headrace.errors import StoreUnavailable
from headrace.serve.metrics import Metrics
from headrace.stores.ports import EventLog

Entry: TypeAlias = tuple[str, Callable[[], bytes]]
"""(request id, what makes its record). Making one takes as long as ranking, so it happens here, in one other thread."""

CAPACITY: Final = 2_000
RETRY_S: Final = 0.5
WORKERS: Final = 16
"""Appends under way at once: at 10 ms an acknowledgement that is 1,600 records a second."""


class DecisionLog:
    """`offer` never waits and never fails; `run` tries each record until the broker has it, in no order."""

    def __init__(self, log: EventLog, topic: str, metrics: Metrics) -> None:
        self._log = log
        self._topic = topic
        self._metrics = metrics
        self._waiting: asyncio.Queue[Entry] = asyncio.Queue(CAPACITY)
        self._unacknowledged = 0

    @property
    def waiting(self) -> int:
        """Records not yet acknowledged."""
        return self._unacknowledged

    def offer(self, request_id: str, record: Callable[[], bytes]) -> None:
        """Log this decision, or count it as dropped where the queue is full."""
        try:
            self._waiting.put_nowait((request_id, record))
        except asyncio.QueueFull:
            self._metrics.count("decisions_dropped_total")
        else:
            self._unacknowledged += 1

    async def run(self) -> None:
        """Append for ever."""
        with ThreadPoolExecutor(1, "headrace-decisions") as maker:
            async with asyncio.TaskGroup() as workers:
                for _ in range(WORKERS):
                    workers.create_task(self._work(maker))

    async def _work(self, maker: ThreadPoolExecutor) -> None:
        while True:
            request_id, record = await self._waiting.get()
            value = await asyncio.get_running_loop().run_in_executor(maker, record)
            while not await self._appended(request_id, value):
                await asyncio.sleep(RETRY_S)
            self._unacknowledged -= 1
            self._waiting.task_done()

    async def drain(self, deadline_s: float) -> None:
        """Wait until everything offered is acknowledged, at most this long."""
        try:
            async with asyncio.timeout(deadline_s):
                await self._waiting.join()
        except TimeoutError:
            self._metrics.count("decisions_dropped_total", by=self._unacknowledged)

    async def _appended(self, request_id: str, value: bytes) -> bool:
        try:
            await self._log.append(self._topic, request_id.encode(), value)
        except StoreUnavailable:
            return False
        self._metrics.count("decisions_logged_total")
        return True
