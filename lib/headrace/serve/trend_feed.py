"""The published trends in this process's memory: polled, swapped whole, and too old after a minute. No ranking."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from headrace.domain.trend_lists import TrendValues, no_trends, unpack, values_of
from headrace.domain.trends import Trends
from headrace.errors import StoreUnavailable
from headrace.serve.wire import Degraded
from headrace.stores.ports import Published, Stores

STALE_MS: Final = 60_000
"""Published every five seconds: after a minute without, a last hour is no longer the last one."""

FALLBACK: Final = "a score without trends"


class TrendFeed:
    """published, trends: the newest that could be read; None before the first publication.

    trouble: why the store, or what was in it, could not be read the last time, or None.
    """

    def __init__(self, stores: Callable[[], Stores]) -> None:
        self._stores = stores
        self.published: Published | None = None
        self.trends: Trends | None = None
        self.trouble: str | None = None

    @property
    def id(self) -> str:
        """The snapshot's; that of no trends where there is none."""
        return no_trends().id if self.published is None else self.published.id

    async def refresh(self) -> None:
        """One look. The lists are read where their id is another one."""
        try:
            published = await self._stores().trends.published()
            if published is not None and published.id != self.id:
                found = await self._stores().trends.lists()
                if found is not None:
                    published, self.trends = found[0], unpack(found[1])
        except (StoreUnavailable, ValueError) as error:  # the latter: lists of another version
            self.trouble = str(error)
            return
        self.published, self.trouble = published or self.published, None

    def values(self, index: Mapping[str, int]) -> TrendValues:
        """What the law reads, for a catalogue with this index."""
        return no_trends() if self.trends is None else values_of(self.id, self.trends, index)

    def age_ms(self, clock_ms: int) -> int | None:
        """How far everything was read that they were made from, as an age; None without any."""
        return None if self.published is None else max(0, clock_ms - self.published.clock_ms)

    def stale(self, clock_ms: int, fallback: str = FALLBACK) -> tuple[Degraded, ...]:
        """Why they are too old to be used, where they are. Nothing was ever published: that is not old."""
        age_ms = self.age_ms(clock_ms)
        if age_ms is None or age_ms <= STALE_MS:
            return ()
        return (Degraded("trends", self.trouble or f"the newest are {age_ms / 1000:.0f} s old", fallback),)
