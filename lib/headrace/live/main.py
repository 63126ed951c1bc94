"""The live process put together: a consumer group member, the stores, the reporter, and a clean end on a signal."""

from __future__ import annotations

import asyncio
import logging
import signal
import time

from headrace.errors import StoreUnavailable
from headrace.live.batch import Topics
from headrace.live.inlet import KafkaInlet
from headrace.live.report import report
from headrace.live.service import LAST_RETRY_S, Live
from headrace.settings import Settings
from headrace.stores.cassandra import CassandraStores, open_stores
from headrace.stores.kafka import Consumer, open_consumer

log = logging.getLogger(__name__)


def serve_live(settings: Settings) -> None:
    """Run until SIGTERM or SIGINT. Neither a broker nor a database needs to be there when it starts."""
    asyncio.run(_serve(settings))


async def _serve(settings: Settings) -> None:
    stopping = asyncio.Event()
    for name in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(name, stopping.set)
    topics = Topics(settings.topic("events.clean"), settings.topic("decisions"), settings.topic("users"))
    consumer = await _opened(settings, topics, stopping)
    if consumer is None:
        return
    inlet = KafkaInlet(consumer)
    live = Live(inlet, topics, stopping, time.monotonic)
    reporter = asyncio.create_task(report(live, inlet, settings, lambda: time.time_ns() // 1_000_000))

    async def stores() -> CassandraStores:
        return await open_stores(settings.cassandra, settings.keyspace)

    try:
        await live.run(stores)
    finally:
        reporter.cancel()
        await asyncio.gather(reporter, return_exceptions=True)
        await inlet.close()


async def _opened(settings: Settings, topics: Topics, stopping: asyncio.Event) -> Consumer | None:
    """A member of this world's live group, or None when `stopping` came first."""
    group, names = f"{settings.world.name}.live", (topics.clean, topics.decisions, topics.users)
    while not stopping.is_set():
        try:
            return await asyncio.to_thread(open_consumer, settings.kafka, group, names)
        except StoreUnavailable as error:
            log.warning("waiting for a broker: %s", error)
            await asyncio.sleep(LAST_RETRY_S)
    return None
