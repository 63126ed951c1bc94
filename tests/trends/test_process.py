"""jobs/trends.py as a process, on a real broker and a real database: exact after a kill, and then in answers."""

from __future__ import annotations

import asyncio
import json
import os
import random
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import httpx
import pytest

from headrace.domain.clean import write_clean
from headrace.domain.events import Event, ItemId, Person
from headrace.domain.trend_lists import unpack
from headrace.domain.trends import Trends
from headrace.ready import read_ready
from headrace.settings import Settings
from headrace.stores.cassandra import open_stores
from headrace.stores.kafka import Outgoing, close_producer, open_producer, send_all
from headrace.stores.ports import Published
from headrace.trends.main import state_file
from headrace.trends.report import ends_published, progress_file
from tests.conftest import run_headrace, stack_settings
from tests.trends.oracle import slow_trends

ROOT = Path(__file__).resolve().parents[2]
WITHIN_S = 60.0

pytestmark = pytest.mark.stack


@pytest.fixture
def world(request: pytest.FixtureRequest, new_world: Callable[[str], Settings]) -> Settings:
    """One for each test: what another sent is in no list."""
    settings = new_world(f"trends_{request.param}")
    return settings.model_copy(update={"cassandra": settings.cassandra.model_copy(update={"read_timeout_ms": 5_000})})


@contextmanager
def trends(world: Settings) -> Iterator[subprocess.Popen[bytes]]:
    """A process that is ready; what is left of it is killed at the end."""
    environ = os.environ | {
        "HEADRACE__PATHS__VAR": str(world.paths.var),
        "HEADRACE__KAFKA__BOOTSTRAP": world.kafka.bootstrap,
        "HEADRACE__CASSANDRA__PORT": str(world.cassandra.port),
        "HEADRACE__CASSANDRA__USER": world.cassandra.user,
        "HEADRACE__CASSANDRA__PASSWORD": world.cassandra.password.get_secret_value(),
        "HEADRACE__TRENDS__PUBLISH_S": "1",
    }
    process = subprocess.Popen((sys.executable, "jobs/trends.py", "--world", world.world.name), cwd=ROOT, env=environ)
    try:
        eventually(lambda: read_ready(world, "trends").get("pid") == process.pid)
        yield process
    finally:
        process.kill()
        process.wait()


def eventually(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + WITHIN_S
    while not condition():
        assert time.monotonic() < deadline, "it did not happen"
        time.sleep(0.05)


def now_ms() -> int:
    return time.time_ns() // 1_000_000


def some_events(count: int, seed: int) -> list[Event]:
    """Of twenty people on some items, within the last minutes; some late, some twice, some under an old key."""
    chance, events = random.Random(seed), []
    for number in range(count):
        at = now_ms() - chance.randrange(1_200_000)
        one = Event(
            event_id=f"{seed}-{number}",
            kind=chance.choice(["view", "click", "impression", "impression", "purchase", "hide"]),
            person=Person(f"u:{chance.randrange(20)}"),
            item_id=ItemId(f"i{int(chance.paretovariate(0.7))}"),
            occurred_at=at,
            received_at=now_ms(),
            late=chance.random() < 0.05,
        )
        events.append(one)
        if chance.random() < 0.1:
            events.append(replace(one, item_id=ItemId("another")) if chance.random() < 0.3 else one)
    return events


def send(world: Settings, events: Sequence[Event]) -> None:
    topic, producer = world.topic("events.clean"), open_producer(world.kafka)
    try:
        records = [Outgoing(topic, event.person.encode(), write_clean(event)) for event in events]
        send_all(producer, records, deadline_ms=30_000)
    finally:
        close_producer(producer, within_s=5.0)


def published(world: Settings) -> tuple[Published, Trends] | None:
    async def read() -> tuple[Published, bytes] | None:
        stores = await open_stores(world.cassandra, world.keyspace)
        try:
            return await stores.trends.lists()
        finally:
            await stores.close()

    found = asyncio.run(read())
    return None if found is None else (found[0], unpack(found[1]))


def published_after(world: Settings, moment_ms: int) -> tuple[Published, Trends]:
    eventually(lambda: (json.loads(progress_file(world).read_text())["clock_ms"] or 0) > moment_ms)
    found = published(world)
    assert found is not None
    return found


@pytest.mark.parametrize("world", ["exact"], indirect=True)
def test_after_a_kill_and_a_redelivery_the_lists_are_those_of_a_plain_loop(world: Settings) -> None:
    first, second = some_events(3_000, 1), some_events(2_000, 2)
    with trends(world):
        send(world, first)
        found, lists = published_after(world, now_ms())
        assert lists == slow_trends(first, found.clock_ms)
        assert sum(ends_published(world).values()) == len(first), "whoever waits for it sees that it is through"
    send(world, [*second, *first[:500]])
    with trends(world) as process:
        found, lists = published_after(world, now_ms())
        assert lists == slow_trends([*first, *second], found.clock_ms)
        process.terminate()
        assert process.wait(30) == 0
    third = some_events(500, 3)
    send(world, [*third, *second[:500]])
    assert state_file(world).exists(), "a clean stop leaves what it counted behind"
    with trends(world):
        found, lists = published_after(world, now_ms())
        assert lists == slow_trends([*first, *second, *third], found.clock_ms)
        assert lists.lists["1h", "popular"].items, "something was there to compare"


def test_what_happens_is_in_the_lists_over_http(var: Path, servers: Settings) -> None:
    without = [part for name in ("ingest", "live", "hot", "ledger", "features") for part in ("--without", name)]
    try:
        run_headrace(var, "up", "--world", "trendy", *without)
        world = stack_settings(var, "trendy")
        parts = json.loads(run_headrace(var, "status", "--json", "--world", "trendy"))["parts"]
        assert {part["name"]: part["state"] for part in parts}["trends"] == "up"
        with httpx.Client(base_url=f"http://{world.serve.host}:{world.serve.port}") as client:
            client.put("/v1/items/i1", json={"title": "One", "category": "kitchen"}).raise_for_status()
            events = some_events(300, 9)
            send(world, events)

            def listed() -> list[dict[str, object]]:
                return list(client.get("/v1/trending?category=kitchen").raise_for_status().json()["items"])

            eventually(lambda: [one["source"] for one in listed()] == ["popular"])
            clock = max(one.received_at for one in events)
            found, lists = published_after(world, clock - 1)
            assert lists == slow_trends(events, found.clock_ms)

            def counted_in() -> bool:  # in every worker a little later than in the process that answers /v1/trending
                shown = client.post("/v1/recommendations", json={"limit": 1, "dry_run": True}).json()
                newest = published(world)
                assert newest is not None
                return bool(
                    shown["versions"]["trends"] == newest[0].id and shown["items"][0]["parts"].get("trending", 0) > 0
                )

            eventually(counted_in)
    finally:
        run_headrace(var, "down", "--world", "trendy")
