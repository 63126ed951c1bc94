"""A store that does not answer raises StoreUnavailable from every call, in its deadline, and comes back by itself."""

from __future__ import annotations

import asyncio
import socket
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager

import pytest
from pydantic import SecretStr

from headrace.domain.events import Person
from headrace.errors import StoreUnavailable
from headrace.settings import Settings
from headrace.stores.cassandra import CassandraStores, open_stores
from headrace.stores.memory import MemoryStores
from headrace.stores.ports import Lease, PaneCell, ProfileRow, Published, SessionRow, Stores
from tests.stores.conftest import Run, a_name
from tests.stores.events import view
from tests.stores.proxy import Proxy, proxy_to

PERSON = Person("u:1")
CALLS: dict[str, Callable[[Stores], Awaitable[object]]] = {
    "tails.append": lambda stores: stores.tails.append([view("u:1", f"e{ms}", ms) for ms in range(300)]),
    "tails.newest": lambda stores: stores.tails.newest(PERSON, 1),
    "tails.trim": lambda stores: stores.tails.trim(PERSON, 1),
    "user_panes.put": lambda stores: stores.user_panes.put([PaneCell("u:1", 0, "a", "b", b"\x01")], 1),
    "user_panes.since": lambda stores: stores.user_panes.since("u:1", 0),
    "user_panes.remove": lambda stores: stores.user_panes.remove([PaneCell("u:1", 0, "a", "b", b"")], 1),
    "user_panes.scan": lambda stores: stores.user_panes.scan(0, 1, 0, 1),
    "item_panes.put": lambda stores: stores.item_panes.put([PaneCell("i1", 0, "a", "b", b"\x01")], 1),
    "item_panes.since": lambda stores: stores.item_panes.since("i1", 0),
    "sessions.put": lambda stores: stores.sessions.put([SessionRow(PERSON, 0, "s", "{}")], 1),
    "sessions.newest": lambda stores: stores.sessions.newest(PERSON, 1),
    "sessions.remove": lambda stores: stores.sessions.remove([SessionRow(PERSON, 0, "s", "")], 1),
    "candidates.put": lambda stores: stores.candidates.put("m1", [(PERSON, b"")]),
    "candidates.get": lambda stores: stores.candidates.get(PERSON, "m1"),
    "decisions.put": lambda stores: stores.decisions.put([("r1", b"")]),
    "decisions.get": lambda stores: stores.decisions.get("r1"),
    "profiles.put": lambda stores: stores.profiles.put([ProfileRow("ann", b"{}", 1)]),
    "profiles.get": lambda stores: stores.profiles.get("ann"),
    "pointers.get": lambda stores: stores.pointers.get(),
    "pointers.flip": lambda stores: stores.pointers.flip("m1", 1),
    "clocks.advance": lambda stores: stores.clocks.advance("a", 1),
    "clocks.now_ms": lambda stores: stores.clocks.now_ms(),
    "leases.acquire": lambda stores: stores.leases.acquire(Lease("w", "o", "c", 1), 0),
    "leases.release": lambda stores: stores.leases.release("w", "o"),
    "leases.forget": lambda stores: stores.leases.forget("w"),
    "leases.next_write_us": lambda stores: stores.leases.next_write_us("w", 1),
    "counts.put": lambda stores: stores.counts.put([("1:0", 0, 1)], 1),
    "counts.of": lambda stores: stores.counts.of("1:0"),
    "trends.publish": lambda stores: stores.trends.publish(Published("t-1", 1), b"", 1),
    "trends.published": lambda stores: stores.trends.published(),
    "trends.lists": lambda stores: stores.trends.lists(),
}


async def outcomes(stores: Stores) -> dict[str, object]:
    """What every call did, all of them under way at the same time."""
    done = await asyncio.gather(*(call(stores) for call in CALLS.values()), return_exceptions=True)
    return dict(zip(CALLS, done, strict=True))


def test_a_memory_store_told_to_be_down_is_down_until_told_otherwise(run: Run) -> None:
    stores = MemoryStores()
    stores.switch.down = True
    for name, outcome in run(outcomes(stores)).items():
        assert isinstance(outcome, StoreUnavailable), name
    stores.switch.down = False
    assert run(stores.tails.newest(PERSON, 1)) == ()


@contextmanager
def opened_through(proxy: Proxy, world: Settings, run: Run) -> Iterator[CassandraStores]:
    cassandra = world.cassandra.model_copy(
        update={"port": proxy.port, "read_timeout_ms": 100, "write_timeout_ms": 1_000}
    )
    stores = run(open_stores(cassandra, world.keyspace))
    try:
        yield stores
    finally:
        run(stores.close())


async def answers_again(stores: Stores, within_s: float) -> bool:
    for _ in range(int(within_s / 0.1)):
        try:
            await stores.tails.newest(PERSON, 1)
        except StoreUnavailable:
            await asyncio.sleep(0.1)
        else:
            return True
    return False


@pytest.mark.stack
def test_a_silent_cassandra_is_unavailable_within_the_deadline_and_comes_back(world: Settings, run: Run) -> None:
    with proxy_to(world.cassandra.hosts[0], world.cassandra.port) as proxy, opened_through(proxy, world, run) as stores:
        proxy.flowing.clear()
        started = time.monotonic()
        found = run(outcomes(stores))
        took_s = time.monotonic() - started
        proxy.flowing.set()
        for name, outcome in found.items():
            assert isinstance(outcome, StoreUnavailable), (name, outcome)
        assert took_s < 3.0  # the write deadline is 1 s; the rest is a loaded test machine
        assert run(answers_again(stores, within_s=15))


@pytest.mark.stack
def test_a_cut_connection_is_unavailable_and_is_made_again(world: Settings, run: Run) -> None:
    with proxy_to(world.cassandra.hosts[0], world.cassandra.port) as proxy, opened_through(proxy, world, run) as stores:
        for _ in range(2):
            proxy.cut()
            assert run(answers_again(stores, within_s=15))


@pytest.mark.stack
def test_closed_stores_are_unavailable_and_closing_twice_is_fine(world: Settings, run: Run) -> None:
    stores = run(open_stores(world.cassandra, world.keyspace))
    run(stores.close())
    run(stores.close())
    with pytest.raises(StoreUnavailable, match="closed"):
        run(stores.tails.newest(PERSON, 1))


def test_opening_where_nobody_listens_is_unavailable_and_names_the_address(run: Run) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    nowhere = Settings().cassandra.model_copy(update={"port": port})
    with pytest.raises(StoreUnavailable, match=f"127.0.0.1:{port}"):
        run(open_stores(nowhere, "headrace_main"))


@pytest.mark.stack
def test_opening_without_schema_or_with_a_wrong_password_is_unavailable(world: Settings, run: Run) -> None:
    with pytest.raises(StoreUnavailable, match="headrace_nowhere"):
        run(open_stores(world.cassandra, "headrace_nowhere"))
    wrong = world.cassandra.model_copy(update={"password": SecretStr(a_name())})
    with pytest.raises(StoreUnavailable, match="incorrect"):
        run(open_stores(wrong, world.keyspace))
