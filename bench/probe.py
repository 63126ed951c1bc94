"""One event's way through a world, timed at its readable ends: the session tail, and the pane. It judges nothing."""

from __future__ import annotations

import asyncio
import json
import threading
import time
from collections.abc import Coroutine
from dataclasses import dataclass

from kafka import KafkaProducer

from headrace.domain.events import Person
from headrace.settings import Settings
from headrace.stores.kafka import Outgoing, close_producer, open_producer
from headrace.stores.kafka.producer import send
from headrace.stores.ports import Stores

TAIL_POLL_S = 0.003
PANE_POLL_S = 0.025
TICK_S = 0.01  # the crowd's events leave in groups: a wake-up for each would take the CPU that is to be measured
POLL_SHARE = 0.05  # a late event is looked for less often: else the probes themselves slow down what they measure
GIVE_UP_S = 120.0
GIVEN_UP_MS = GIVE_UP_S * 1000


@dataclass(frozen=True, slots=True)
class Seen:
    """Milliseconds from just before the send until a read returned the event; GIVEN_UP_MS where none did so long."""

    tail_ms: float
    pane_ms: float


def event(person: str, event_id: str, number: int) -> bytes:
    """A wire event that happens now."""
    body = {
        "event_id": event_id,
        "kind": "view",
        "user_id": person,
        "item_id": f"bench-{number % 500}",
        "category": f"category-{number % 12}",
        "occurred_at": time.time_ns() // 1_000_000,
    }
    return json.dumps(body).encode()


class Background:
    """Events of many people at a steady rate from a thread, until closed. Bounded by `seconds` whatever happens."""

    def __init__(self, settings: Settings, per_second: int, seconds: float) -> None:
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, args=(settings, per_second, seconds), daemon=True)
        self._thread.start()

    def close(self) -> None:
        self._stop.set()
        self._thread.join()

    def _run(self, settings: Settings, per_second: int, seconds: float) -> None:
        producer = open_producer(settings.kafka)
        topic, run = settings.topic("events.raw"), time.time_ns()
        start, number = time.perf_counter(), 0
        while number < per_second * seconds and not self._stop.wait(TICK_S):
            due = int(per_second * min(seconds, time.perf_counter() - start))
            for each in range(number, due):
                person = f"crowd-{each * 7919 % 2000}"
                send(producer, Outgoing(topic, f"u:{person}".encode(), event(person, f"b{run}-{each}", each)))
            number = due
        close_producer(producer, 10)


async def probe(settings: Settings, stores: Stores, producer: KafkaProducer, number: int, *, must_arrive: bool) -> Seen:
    """Send one event of a person nobody has seen, and read until both stores have it.

    Raises TimeoutError where it `must_arrive` and does not within GIVE_UP_S.
    """
    name = f"probe-{time.time_ns()}-{number}"
    person = Person(f"u:{name}")
    began = time.perf_counter()
    send(producer, Outgoing(settings.topic("events.raw"), person.encode(), event(name, name, number)))

    async def tail() -> float:
        while not await stores.tails.newest(person, 1):
            await _pause(TAIL_POLL_S, began, "session tail")
        return (time.perf_counter() - began) * 1000

    async def pane() -> float:
        while not await stores.user_panes.since(person, 0):
            await _pause(PANE_POLL_S, began, "pane")
        return (time.perf_counter() - began) * 1000

    async def bounded(look: Coroutine[None, None, float]) -> float:
        try:
            return await look
        except TimeoutError:
            if must_arrive:
                raise
            return GIVEN_UP_MS

    tail_ms, pane_ms = await asyncio.gather(bounded(tail()), bounded(pane()))
    return Seen(tail_ms, pane_ms)


async def _pause(seconds: float, began: float, what: str) -> None:
    waited = time.perf_counter() - began
    if waited > GIVE_UP_S:
        raise TimeoutError(f"no {what} after {GIVE_UP_S:.0f} s: see `headrace status` and `headrace logs features`")
    await asyncio.sleep(max(seconds, waited * POLL_SHARE))
