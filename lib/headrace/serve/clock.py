"""What time it is in the world that this process serves. The wall's own clock is called in jobs/serve.py alone."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress
from typing import Final, Protocol

from headrace.errors import StoreUnavailable
from headrace.stores.ports import Stores

POLL_S: Final = 0.2


class Clock(Protocol):
    """Milliseconds since 1970 UTC; 0 before the first event of a world whose time is its stream."""

    def now_ms(self) -> int:
        """The time now."""


class StreamClock:
    """The newest received_at that went through the world, as of the last look; it stands still while nobody answers."""

    def __init__(self, stores: Callable[[], Stores]) -> None:
        self._stores = stores
        self._now_ms = 0

    def now_ms(self) -> int:
        """The time now."""
        return self._now_ms

    async def refresh(self) -> None:
        """One look. Raises StoreUnavailable."""
        self._now_ms = max(self._now_ms, await self._stores().clocks.now_ms() or 0)

    async def follow(self) -> None:
        """Look for ever."""
        while True:
            with suppress(StoreUnavailable):
                await self.refresh()
            await asyncio.sleep(POLL_S)
