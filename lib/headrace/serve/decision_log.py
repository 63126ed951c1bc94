"""Decision records on their way to Kafka, after the answer has left. A bounded queue; what it cannot take is counted.

Not here: what a record holds (domain/decision.py).
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import Final, TypeAlias

from headrace.errors import RecordTooLarge, StoreUnavailable
from headrace.serve.metrics import Metrics
from headrace.stores.ports import EventLog

Entry: TypeAlias = tuple[str, bytes]
"""(request id, its record)."""

CAPACITY: Final = 2_000
RETRY_S: Final = 0.5
GATHER_S: Final = 0.25
"""Records leave together: one request to the broker for each was as dear as ranking. Nobody waits for them."""

BATCH: Final = 500


class DecisionLog:
    """`offer` never waits and never fails; `run` tries each record until the broker has it or refuses it for good."""

    def __init__(self, log: EventLog, topic: str, metrics: Metrics) -> None:
        self._log = log
        self._topic = topic
        self._metrics = metrics
        self._made: asyncio.Queue[Entry] = asyncio.Queue()
        self._unacknowledged = 0
        self._all_settled = asyncio.Event()

    @property
    def waiting(self) -> int:
        """Records not yet acknowledged."""
        return self._unacknowledged

    def offer(self, request_id: str, record: Callable[[], bytes]) -> None:
        """Log this decision, or count it as dropped where there is no room.

        The record is made in the loop's next turn. By then the answer has left, and what it was made from is still in
        the processor's caches: made later, between other requests, it took half as long again.
        """
        if self._unacknowledged >= CAPACITY:
            self._metrics.count("decisions_dropped_total")
            return
        self._unacknowledged += 1
        asyncio.get_running_loop().call_soon(self._make, request_id, record)

    async def run(self) -> None:
        """Append for ever."""
        while True:
            entries = [await self._made.get()]
            await asyncio.sleep(GATHER_S)
            while len(entries) < BATCH and not self._made.empty():
                entries.append(self._made.get_nowait())
            await self._append_all(entries)

    def _make(self, request_id: str, record: Callable[[], bytes]) -> None:
        try:
            self._made.put_nowait((request_id, record()))
        except Exception as error:  # noqa: BLE001 - a bug in one record must not end the log of all others
            self._drop(f"decision {request_id} has no record", error)
            self._settle()

    async def _append_all(self, entries: Sequence[Entry]) -> None:
        await asyncio.gather(*(self._until_appended(request_id, made) for request_id, made in entries))
        for _ in entries:
            self._settle()

    def _settle(self) -> None:
        self._unacknowledged -= 1
        if not self._unacknowledged:
            self._all_settled.set()

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
        if not self._unacknowledged:
            return
        self._all_settled.clear()
        try:
            async with asyncio.timeout(deadline_s):
                await self._all_settled.wait()
        except TimeoutError:
            self._metrics.count("decisions_dropped_total", by=self._unacknowledged)
