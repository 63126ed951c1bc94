"""The programs of serving from their settings to their end: open, follow, listen or work, and let go in order.

They decide nothing.
"""

from __future__ import annotations

import asyncio
import gc
import signal
import socket
import sys
import threading
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Final

from headrace.domain.features import FEATURE_SET_ID
from headrace.domain.policy import Policy
from headrace.errors import BadInput, StoreUnavailable
from headrace.serve.app import app_of
from headrace.serve.build import build_text
from headrace.serve.candidate_cache import CandidateCache
from headrace.serve.catalogue_feed import Change, Deliver, Feed, consume
from headrace.serve.clock import Clock, StreamClock
from headrace.serve.connection import Connecting
from headrace.serve.decision_log import DecisionLog
from headrace.serve.degrade import Circuit
from headrace.serve.listener import Listener, bound
from headrace.serve.metrics import Metrics
from headrace.serve.ranked import here
from headrace.serve.service import NewId, Service
from headrace.serve.snapshots import Served
from headrace.serve.warm import warm
from headrace.serve.workers import Workers
from headrace.serve.working import Working
from headrace.settings import Settings
from headrace.stores.cassandra import open_stores
from headrace.stores.kafka.log import KafkaLog
from headrace.stores.ports import EventLog
from headrace.stores.shelf import load_model

DRAIN_S: Final = 5.0
GC_ALLOCATIONS: Final = 100_000
"""A request makes a thousand objects and no cycles. Python's default of 700 looks for them in each of them; with 20,000
that was a twentieth of the process's time, in stops of 2 to 10 ms."""

SWITCH_S: Final = 0.0005
"""Python's default lets the threads behind the log and the catalogue hold a request up for 5 ms at a time."""


async def serve(settings: Settings, lock: Path, wall: Clock, new_id: NewId, worker: Sequence[str]) -> None:
    """Serve this world until SIGTERM or SIGINT. Raises MachineUnfit where the port is taken.

    `lock` pins what runs; `worker` is the command of a process that calls `work`, without its socket.
    """
    with bound(settings.serve) as port:
        async with _opened(settings, lock, wall, new_id) as service:
            workers = Workers(settings.serve.workers, worker, here(service), service.metrics)
            listener = Listener(app_of(service, workers.ranked, lambda: workers.states))
            for number in (signal.SIGTERM, signal.SIGINT):
                asyncio.get_running_loop().add_signal_handler(number, listener.stop)
            async with asyncio.TaskGroup() as group:
                keeping = group.create_task(workers.run())
                await listener.answer(port)
                keeping.cancel()


async def work(settings: Settings, lock: Path, wall: Clock, new_id: NewId, to_api: int) -> None:
    """Rank for the API at the other end of the socket `to_api` until that is closed. Raises BadInput for no socket."""
    # Signals go to all of a session. This process ends when its API does, after the last answer that it owes.
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, signal.SIG_IGN)
    try:
        end = socket.socket(fileno=to_api)
    except OSError as error:
        raise BadInput(f"--worker {to_api}: {error.strerror}; the API starts its workers itself") from error
    with end:
        async with _opened(settings, lock, wall, new_id) as service:
            await Working(service).run(end)


@asynccontextmanager
async def _opened(settings: Settings, lock: Path, wall: Clock, new_id: NewId) -> AsyncIterator[Service]:
    """All that answers are made from, kept up to date; in the end the decisions that wait are logged."""
    sys.setswitchinterval(SWITCH_S)
    warm(policy_of(settings))
    connecting = Connecting(lambda: open_stores(settings.cassandra, settings.keyspace))
    clock = wall if settings.world.clock == "wall" else StreamClock(connecting)
    log = KafkaLog(settings.kafka)
    service = assemble(settings, connecting, log, clock, new_id, build_text(lock))
    stop = threading.Event()
    feeding = threading.Thread(
        target=consume,
        args=(settings.kafka, settings.topic("catalogue"), _deliver_to(service.feed), stop),
        name="headrace-catalogue",
        daemon=True,
    )
    feeding.start()
    gc.set_threshold(GC_ALLOCATIONS)
    gc.freeze()  # what was imported stays: no need to walk it again in each full collection
    try:
        async with asyncio.TaskGroup() as group:
            following = [
                group.create_task(_follow(service, connecting)),
                group.create_task(service.decisions.run()),
            ]
            yield service
            await service.decisions.drain(DRAIN_S)
            for task in following:
                task.cancel()
    finally:
        stop.set()
        await service.circuit.close()
        await log.close()
        await connecting.close()


def assemble(settings: Settings, stores: Connecting, log: EventLog, clock: Clock, new_id: NewId, build: str) -> Service:
    """Everything that the routes use, over these stores, log and clock."""
    metrics = Metrics()
    feed = Feed(settings.world.currency)
    return Service(
        world=settings.world,
        settings=settings.serve,
        tail_limit=settings.live.tail_limit,
        topic=settings.topic,
        new_id=new_id,
        stores=stores,
        log=log,
        clock=clock,
        circuit=Circuit(lambda: stores().decisions.get("probe")),
        served=Served(stores, lambda version: load_model(settings.shelf_dir, version, FEATURE_SET_ID), feed),
        candidates=CandidateCache(settings.serve.candidate_cache),
        feed=feed,
        decisions=DecisionLog(log, settings.topic("decisions"), metrics),
        metrics=metrics,
        policy=policy_of(settings),
        build=build,
    )


def policy_of(settings: Settings) -> Policy:
    """How lists are made, as the settings say."""
    return Policy(
        candidates=settings.serve.candidates,
        exploration_rate=settings.serve.exploration_rate,
        temperature=settings.serve.exploration_temperature,
        floor=settings.serve.exploration_floor,
        currency=settings.world.currency,
    )


async def _follow(service: Service, connecting: Connecting) -> None:
    """Keep clock and snapshots up to date. The first connection is tried before the first look at the pointer, so
    that a process which could have a model never calls itself ready without it."""
    async with asyncio.TaskGroup() as group:
        if not await connecting.connect():
            group.create_task(connecting.connect_for_ever())
        if isinstance(service.clock, StreamClock):
            with suppress(StoreUnavailable):
                await service.clock.refresh()
            group.create_task(service.clock.follow())
        group.create_task(service.served.follow(service.settings.snapshot_poll_ms / 1000))


def _deliver_to(feed: Feed) -> Deliver:
    loop = asyncio.get_running_loop()

    def deliver(changes: Sequence[Change], at_end: bool, trouble: str | None) -> None:
        with suppress(RuntimeError):  # the loop has ended before this thread has
            loop.call_soon_threadsafe(feed.deliver, changes, at_end, trouble)

    return deliver
