"""jobs/live.py as a process, on a real broker and a real database: what is readable after kills and outages."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
import time
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest

from headrace.domain.clean import write_clean
from headrace.domain.events import Event, Person
from headrace.domain.profile import unpack
from headrace.domain.strict_json import Document
from headrace.live.report import progress_file
from headrace.ready import read_ready
from headrace.settings import Settings
from headrace.stores.cassandra import open_stores
from headrace.stores.kafka import Outgoing, close_producer, open_producer, send_all
from tests.stores.events import view
from tests.stores.proxy import proxy_to

ROOT = Path(__file__).resolve().parents[2]
WITHIN_S = 60.0  # for what takes milliseconds to seconds on a machine of one's own

pytestmark = pytest.mark.stack


@pytest.fixture(scope="module")
def world(new_world: Callable[[str], Settings]) -> Settings:
    settings = new_world("live")
    return settings.model_copy(update={"cassandra": settings.cassandra.model_copy(update={"read_timeout_ms": 5_000})})


@contextmanager
def live(world: Settings, cassandra_port: int | None = None) -> Iterator[subprocess.Popen[str]]:
    """A live process that is ready; what is left of it is killed at the end."""
    environ = os.environ | {
        "HEADRACE__PATHS__VAR": str(world.paths.var),
        "HEADRACE__KAFKA__BOOTSTRAP": world.kafka.bootstrap,
        "HEADRACE__CASSANDRA__PORT": str(cassandra_port or world.cassandra.port),
        "HEADRACE__CASSANDRA__USER": world.cassandra.user,
        "HEADRACE__CASSANDRA__PASSWORD": world.cassandra.password.get_secret_value(),
        "HEADRACE__CASSANDRA__WRITE_TIMEOUT_MS": "1000",
    }
    process = subprocess.Popen(
        (sys.executable, "jobs/live.py", "--world", world.world.name),
        cwd=ROOT,
        env=environ,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        eventually(lambda: read_ready(world, "live").get("pid") == process.pid)
        yield process
    finally:
        process.kill()
        process.communicate()


def eventually(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + WITHIN_S
    while not condition():
        assert time.monotonic() < deadline, "it did not happen"
        time.sleep(0.05)


def progress(world: Settings, process: subprocess.Popen[str]) -> Mapping[str, object]:
    """What this process last said of itself; {} before it has said anything."""
    said = json.loads(progress_file(world).read_text())
    return dict(said) if said["pid"] == process.pid else {}


def drained(world: Settings, process: subprocess.Popen[str]) -> Callable[[], bool]:
    """Whether everything sent until now is written; what the process said before now does not count."""
    now_ms = time.time_ns() // 1_000_000

    def is_drained() -> bool:
        said = progress(world, process)
        return said.get("lag") == 0 and int(str(said["at_ms"])) > now_ms

    return is_drained


def send(world: Settings, events: Sequence[Event], decisions: Mapping[str, bytes] | None = None) -> None:
    records = [Outgoing(world.topic("events.clean"), event.person.encode(), write_clean(event)) for event in events]
    records += [Outgoing(world.topic("decisions"), key.encode(), value) for key, value in (decisions or {}).items()]
    producer = open_producer(world.kafka)
    try:
        send_all(producer, records, deadline_ms=30_000)
    finally:
        close_producer(producer, within_s=5.0)


def send_users(world: Settings, records: Sequence[tuple[str, bytes | None]]) -> None:
    producer = open_producer(world.kafka)
    try:
        topic = world.topic("users")
        send_all(producer, [Outgoing(topic, user.encode(), value) for user, value in records], deadline_ms=30_000)
    finally:
        close_producer(producer, within_s=5.0)


def profiles(world: Settings, users: Sequence[str]) -> list[Document | str | None]:
    """What is stored of each user; "unknown" where nothing ever was."""

    async def read() -> list[bytes | None]:
        stores = await open_stores(world.cassandra, world.keyspace)
        try:
            return [await stores.profiles.get(user) for user in users]
        finally:
            await stores.close()

    return ["unknown" if packed is None else unpack(packed)[1] for packed in asyncio.run(read())]


def tails(world: Settings, people: Sequence[str]) -> list[tuple[Event, ...]]:
    async def read() -> list[tuple[Event, ...]]:
        stores = await open_stores(world.cassandra, world.keyspace)
        try:
            return [await stores.tails.newest(Person(person), 1_000) for person in people]
        finally:
            await stores.close()

    return asyncio.run(read())


def decision_and_clock(world: Settings, request_id: str) -> tuple[bytes | None, int | None]:
    async def read() -> tuple[bytes | None, int | None]:
        stores = await open_stores(world.cassandra, world.keyspace)
        try:
            return await stores.decisions.get(request_id), await stores.clocks.now_ms()
        finally:
            await stores.close()

    return asyncio.run(read())


def a_person() -> str:
    return f"u:{uuid.uuid4().hex}"


def test_clean_records_become_tail_rows_decisions_and_the_clock_and_sigterm_ends_it(world: Settings) -> None:
    ann, bob, request_id, now_ms = a_person(), a_person(), uuid.uuid4().hex, time.time_ns() // 1_000_000
    first, second, other = view(ann, "a", now_ms - 9), view(ann, "b", now_ms), view(bob, "a", now_ms - 5)
    with live(world) as process:
        send(world, [second, first, other, second], {request_id: b"why"})
        eventually(drained(world, process))
        assert tails(world, [ann, bob]) == [(second, first), (other,)]
        assert decision_and_clock(world, request_id) == (b"why", now_ms)
        process.send_signal(signal.SIGTERM)
        assert process.wait(WITHIN_S) == 0


def test_kills_lose_nothing_double_nothing_and_the_first_payload_stays(world: Settings) -> None:
    people, now_ms = [a_person() for _ in range(40)], time.time_ns() // 1_000_000
    firsts = [view(person, f"e{n}", now_ms + n, item="first") for n in range(50) for person in people]
    with live(world) as process:
        send(world, firsts[:1_000])
        process.kill()
        process.wait()
    send(world, firsts[1_000:])
    with live(world) as process:
        eventually(drained(world, process))
    repeats = [view(person, "e0", now_ms, item="second") for person in people]
    with live(world) as process:
        send(world, repeats)
        eventually(drained(world, process))
        process.send_signal(signal.SIGTERM)
        process.wait(WITHIN_S)
    expected = [tuple(event for event in reversed(firsts) if event.person == person) for person in people]
    assert tails(world, people) == expected


def test_the_newest_record_of_each_user_is_stored_and_stays_after_a_kill(world: Settings) -> None:
    ann, bob = uuid.uuid4().hex, uuid.uuid4().hex
    with live(world) as process:
        send_users(world, [(ann, b'{"country":"GB"}'), (bob, b"{}"), (ann, b'{"country":"FR"}'), (bob, None)])
        eventually(lambda: profiles(world, [ann, bob]) == [{"country": "FR"}, None])
        process.kill()
        process.wait()
    send_users(world, [(bob, b'{"region":"Kent"}')])
    with live(world) as process:
        eventually(drained(world, process))
    assert profiles(world, [ann, bob]) == [{"country": "FR"}, {"region": "Kent"}]


def test_a_silent_database_is_waited_for_and_nothing_is_lost(world: Settings) -> None:
    person, now_ms = a_person(), time.time_ns() // 1_000_000
    events = [view(person, f"e{n}", now_ms + n) for n in range(20)]
    host, port = world.cassandra.hosts[0], world.cassandra.port
    with proxy_to(host, port) as proxy, live(world, cassandra_port=proxy.port) as process:
        proxy.flowing.clear()
        send(world, events)
        eventually(lambda: progress(world, process).get("state") == "waiting")
        eventually(lambda: progress(world, process)["lag"] == len(events))
        proxy.flowing.set()
        proxy.cut()
        eventually(drained(world, process))
        assert tails(world, [person]) == [tuple(reversed(events))]
        process.send_signal(signal.SIGTERM)
        _, said = process.communicate(timeout=WITHIN_S)
    assert "nothing is committed and nothing lost" in said
    assert "writing again" in said


def test_a_second_member_takes_its_share_and_gives_it_back(world: Settings) -> None:
    people, now_ms = [a_person() for _ in range(30)], time.time_ns() // 1_000_000
    rounds = [[view(person, f"e{n}", now_ms + n) for person in people] for n in range(3)]
    with live(world):
        send(world, rounds[0])
        with live(world) as second:
            send(world, rounds[1])
            second.send_signal(signal.SIGTERM)
            assert second.wait(WITHIN_S) == 0
        send(world, rounds[2])
        eventually(lambda: all(len(found) == 3 for found in tails(world, people)))
    assert tails(world, people) == [tuple(one[place] for one in reversed(rounds)) for place in range(len(people))]
