"""The trends process put together: the topic, the stores, and a clean end on a signal."""

from __future__ import annotations

import asyncio
import logging
import signal
import socket
import time
from collections.abc import Mapping
from pathlib import Path

from headrace.domain.panes import DAY_MS, HOUR_MS
from headrace.errors import StoreUnavailable
from headrace.settings import Settings
from headrace.stores.cassandra import open_stores
from headrace.stores.kafka import Partition
from headrace.stores.ports import Stores
from headrace.trends.day import Day
from headrace.trends.reading import Reading
from headrace.trends.report import reporter
from headrace.trends.service import PAUSE_S, Publisher
from headrace.trends.source import KafkaSource, Source, open_source
from headrace.trends.state import State, load, save

REACH_MS = DAY_MS + HOUR_MS
"""How far back the topic is read at a start: what is older is in no window, whatever a clock is ahead by."""

log = logging.getLogger(__name__)


def serve_trends(settings: Settings) -> None:
    """Run until SIGTERM or SIGINT. Neither a broker nor a database needs to be there when it starts."""
    asyncio.run(_serve(settings))


async def _serve(settings: Settings) -> None:
    stopping = asyncio.Event()
    for name in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(name, stopping.set)
    state = left(settings)
    opened = await _opened(settings, state.offsets, stopping)
    if opened is None:
        return
    source, offsets, stores = opened
    try:
        await publisher_of(settings, state, source, offsets, stores).run(stopping, reporter(settings))
    finally:
        await source.close()
        await stores.close()


def publisher_of(
    settings: Settings, state: State, source: Source, offsets: Mapping[Partition, int], stores: Stores
) -> Publisher:
    """What goes on from `state` where the source begins where that ends, and with nothing where it does not."""
    is_left = offsets == state.offsets
    return Publisher(
        source=source,
        reading=Reading(dict(offsets), dict(state.until_ms) if is_left else {}),
        day=state.day if is_left else Day(),
        save=lambda state: save(state_file(settings), state, settings.world.generation),
        stores=lambda: stores,
        owner=f"{socket.gethostname()}:{settings.world_dir / 'run'}",
        horizon_ms=settings.world.state_horizon_ms,
        publish_s=settings.trends.publish_s,
        wall_ms=_wall_ms,
        clock_s=time.monotonic,
        is_wall_world=settings.world.clock == "wall",
    )


def left(settings: Settings) -> State:
    """What the last run left behind; nothing where that cannot be read."""
    try:
        return load(state_file(settings), settings.world.generation) or State()
    except ValueError as error:
        log.warning("reading everything again: %s", error)
        return State()


def state_file(settings: Settings) -> Path:
    """Delete it, while the process stands still, and everything is counted from the topic again."""
    return settings.world_dir / "trends" / "state.npz"


async def _opened(
    settings: Settings, left_at: Mapping[Partition, int], stopping: asyncio.Event
) -> tuple[KafkaSource, dict[Partition, int], Stores] | None:
    """What it reads and where it writes, or None when `stopping` came before both were there."""
    since_ms = _wall_ms() - REACH_MS if settings.world.clock == "wall" else None
    stores: Stores | None = None
    while not stopping.is_set():
        try:
            stores = stores or await open_stores(settings.cassandra, settings.keyspace)
            source, offsets = await open_source(settings.kafka, settings.topic("events.clean"), since_ms, left_at)
            return source, offsets, stores
        except StoreUnavailable as error:
            log.warning("waiting: %s", error)
            await asyncio.sleep(PAUSE_S)
    if stores is not None:
        await stores.close()
    return None


def _wall_ms() -> int:
    return time.time_ns() // 1_000_000
