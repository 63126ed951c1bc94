"""The stores of a process that starts and lives with or without them. It reconnects nothing: the driver does."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Final

from headrace.errors import StoreUnavailable
from headrace.stores.ports import Stores

RETRY_S: Final = 1.0


class Connecting:
    """Call it for the stores; it raises StoreUnavailable, saying why, until they were reached for the first time."""

    def __init__(self, open_stores: Callable[[], Awaitable[Stores]]) -> None:
        self._open = open_stores
        self._stores: Stores | None = None
        self._why = "not connected yet"

    def __call__(self) -> Stores:
        if self._stores is None:
            raise StoreUnavailable(self._why)
        return self._stores

    @property
    def trouble(self) -> str | None:
        """Why they were not reached yet, or None."""
        return self._why if self._stores is None else None

    async def connect(self) -> bool:
        """Try once; whether there are stores now."""
        if self._stores is None:
            try:
                self._stores = await self._open()
            except StoreUnavailable as error:
                self._why = str(error)
        return self._stores is not None

    async def connect_for_ever(self) -> None:
        """Try every second until there are stores."""
        while not await self.connect():
            await asyncio.sleep(RETRY_S)

    async def close(self) -> None:
        """Let go of them."""
        if self._stores is not None:
            await self._stores.close()
