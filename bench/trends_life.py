"""A life of the trends program in the warm driver, in many small rounds. What fails in it: warm_faults.py.

The world's clock is its stream's here: what a run sends is of days of its own, in which the wall's clock never is.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from bench.warm import PATIENCE_S, Warm
from headrace.settings import Settings
from headrace.stores.cassandra import open_stores
from headrace.stores.kafka import Partition, Record
from headrace.trends.main import left, publisher_of
from headrace.trends.service import Progress
from headrace.trends.source import Source, open_source

ROUND_S = 0.0
"""Every take is ranked and published."""


@dataclass(slots=True)
class Sips:
    """A source of which every take is at most `size` records of what came."""

    source: Source
    size: int
    left: list[Record] = field(default_factory=list)

    async def take(self) -> Sequence[Record]:
        if not self.left:
            self.left += await self.source.take()
        taken, self.left = self.left[: self.size], self.left[self.size :]
        return taken

    async def ends(self) -> Mapping[Partition, int]:
        return await self.source.ends()

    async def close(self) -> None:
        await self.source.close()


def by_its_stream(settings: Settings) -> Settings:
    """Its world with the stream's clock, and no wait between two publications."""
    world = settings.world.model_copy(update={"clock": "stream"})
    trends = settings.trends.model_copy(update={"publish_s": ROUND_S})
    return settings.model_copy(update={"world": world, "trends": trends})


def trends_life(warm: Warm, size: int) -> None:
    """What jobs/trends.py does, until everything that is there is published; a failure leaves nothing saved."""
    asyncio.run(_trends(by_its_stream(warm.settings), size))


async def _trends(settings: Settings, size: int) -> None:
    state, stopping = left(settings), asyncio.Event()
    source, offsets = await open_source(settings.kafka, settings.topic("events.clean"), None, state.offsets)
    stores = await open_stores(settings.cassandra, settings.keyspace)
    ends = await source.ends()

    def heard(progress: Progress) -> None:
        if all(progress.ends.get(partition, 0) >= end for partition, end in ends.items()):
            stopping.set()

    try:
        publisher = publisher_of(settings, state, Sips(source, size), offsets, stores)
        await asyncio.wait_for(publisher.run(stopping, heard), PATIENCE_S)
    finally:
        await source.close()
        await stores.close()
