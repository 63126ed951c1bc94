"""Reading from a store that may be dead: at once when it is known to be, within a deadline when it is not.

Here are the circuit and its probe; what a caller does without the store is the caller's business.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Final, TypeVar

from headrace.errors import StoreUnavailable

T = TypeVar("T")

FAILURES_TO_OPEN: Final = 5
PROBE_S: Final = 0.1
"""A garbage collection of the store must not cost a second of degraded answers."""


class Circuit:
    """Open after FAILURES_TO_OPEN failures in a row; closed again by the first probe that the store answers.

    While it is open no read reaches the store, so a dead store costs a request nothing.
    """

    def __init__(self, probe: Callable[[], Awaitable[object]]) -> None:
        self._probe = probe
        self._failures = 0
        self._why = ""
        self._probing: asyncio.Task[None] | None = None

    @property
    def is_open(self) -> bool:
        """Whether the store is taken for dead."""
        return self._probing is not None

    @property
    def why(self) -> str:
        """The failure that opened it."""
        return self._why

    async def read(self, reading: Callable[[], Awaitable[T]], deadline_s: float) -> T:
        """What `reading()` returns. Raises StoreUnavailable: at once while open, else within the deadline."""
        if self._probing is not None:
            raise StoreUnavailable(self._why)
        try:
            async with asyncio.timeout(deadline_s):
                value = await reading()
        except TimeoutError as error:
            self._failed(f"no answer within {deadline_s * 1000:.0f} ms")
            raise StoreUnavailable(f"no answer within {deadline_s * 1000:.0f} ms") from error
        except StoreUnavailable as error:
            self._failed(str(error))
            raise
        self._failures = 0
        return value

    async def close(self) -> None:
        """Stop probing."""
        if self._probing is not None:
            self._probing.cancel()
            await asyncio.gather(self._probing, return_exceptions=True)
            self._probing = None

    def _failed(self, why: str) -> None:
        self._failures += 1
        if self._failures >= FAILURES_TO_OPEN and self._probing is None:
            self._why = why
            self._probing = asyncio.get_running_loop().create_task(self._until_alive())

    async def _until_alive(self) -> None:
        while True:
            await asyncio.sleep(PROBE_S)
            try:
                await self._probe()
            except StoreUnavailable:
                continue
            self._failures = 0
            self._probing = None
            return
