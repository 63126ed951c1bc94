"""Decision records on their way to Kafka, after the answer has left. A bounded queue; what it cannot take is counted.

Not here: what a record holds (domain/decision.py).
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from typing import Final, TypeAlias

from headrace.errors import RecordTooLarge, StoreUnavailable
from headrace.serve.metrics import Metrics
from headrace.stores.ports import EventLog

Entry: TypeAlias = tuple[str, Callable[[], bytes], float]
"""(request id, what makes its record, when it was offered by time.monotonic).

Made on the event loop, half a millisecond each, when no request wants it: with a thread beside it the median answer at
200 requests a second was four times slower.
"""

CAPACITY: Final = 2_000
RETRY_S: Final = 0.5
GATHER_S: Final = 0.05
"""Records leave together: one request to the broker for each was as dear as ranking. Nobody waits for them."""

BATCH: Final = 100

IDLE_S: Final = 0.0002
LOOK_AGAIN_S: Final = 0.002
PATIENCE_S: Final = 1.0
"""A turn of the loop that takes less than the first had nothing else to do; else a record waits for the second, and for
the third since it was offered: then it is made whoever waits. So under any load they keep up with the answers.
"""


class DecisionLog:
    """`offer` never waits and never fails; `run` tries each record until the broker has it or refuses it for good."""

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
            self._waiting.put_nowait((request_id, record, time.monotonic()))
        except asyncio.QueueFull:
            self._metrics.count("decisions_dropped_total")
        else:
            self._unacknowledged += 1

    async def run(self) -> None:
        """Append for ever."""
        while True:
            entries = [await self._waiting.get()]
            await asyncio.sleep(GATHER_S)
            while len(entries) < BATCH and not self._waiting.empty():
                entries.append(self._waiting.get_nowait())
            await self._append_all(entries)

    async def _append_all(self, entries: Sequence[Entry]) -> None:
        """A record that cannot be made or is too large to be kept is dropped and counted: the others must not wait."""
        appending: list[Awaitable[None]] = []
        for request_id, record, offered_s in entries:
            await _idle(offered_s + PATIENCE_S)
            (made,) = await asyncio.gather(_made(record), return_exceptions=True)
            if isinstance(made, BaseException):
                self._drop(f"decision {request_id} has no record", made)
            else:
                appending.append(self._until_appended(request_id, made))
        await asyncio.gather(*appending)
        for _ in entries:
            self._unacknowledged -= 1
            self._waiting.task_done()

    async def _until_appended(self, request_id: str, value: bytes) -> None:
        while True:
            try:
                await self._log.append(self._topic, request_id.encode(), value)
            except StoreUnavailable:
                await asyncio.sleep(RETRY_S)
            except RecordTooLarge as error:
                return self._drop(f"decision {request_id} of {len(value)} bytes is not kept", error)
            else:
                return self._metrics.count("decisions_logged_total")

    def _drop(self, what: str, error: BaseException) -> None:
        self._metrics.count("decisions_dropped_total")
        asyncio.get_running_loop().call_exception_handler({"message": what, "exception": error})

    async def drain(self, deadline_s: float) -> None:
        """Wait until everything offered is acknowledged, at most this long."""
        try:
            async with asyncio.timeout(deadline_s):
                await self._waiting.join()
        except TimeoutError:
            self._metrics.count("decisions_dropped_total", by=self._unacknowledged)


async def _idle(deadline: float) -> None:
    """Return when the loop has nothing else to do, or at the deadline."""
    while True:
        began = time.monotonic()
        await asyncio.sleep(0)  # what was ready already, and a look at the sockets
        await asyncio.sleep(0)  # what they had
        now = time.monotonic()
        if now - began < IDLE_S or now >= deadline:
            return
        await asyncio.sleep(LOOK_AGAIN_S)


async def _made(record: Callable[[], bytes]) -> bytes:
    return record()
