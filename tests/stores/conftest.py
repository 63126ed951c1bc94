"""Every adapter of the store ports as one parameter; `stores` serve the whole run, so tests take names of their own."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Callable, Coroutine, Iterator
from typing import Any, Protocol, TypeVar

import acsylla
import pytest

from headrace.settings import Settings
from headrace.stores.cassandra import CassandraStores, open_stores
from headrace.stores.memory import MemoryStores
from headrace.stores.ports import Stores

T = TypeVar("T")


class Run(Protocol):
    def __call__(self, call: Coroutine[Any, Any, T], /) -> T: ...


@pytest.fixture(scope="session")
def run() -> Iterator[Run]:
    """One event loop for all: a Cassandra session belongs to the loop that opened it."""
    with asyncio.Runner() as runner:
        yield runner.run


@pytest.fixture(scope="session")
def world(new_world: Callable[[str], Settings]) -> Settings:
    """A world of these tests alone. Deadlines are generous: a loaded test machine is not what is tested."""
    settings = new_world("stores")
    return settings.model_copy(update={"cassandra": settings.cassandra.model_copy(update={"read_timeout_ms": 5_000})})


@pytest.fixture(scope="session")
def cassandra_stores(run: Run, world: Settings) -> Iterator[CassandraStores]:
    stores = run(open_stores(world.cassandra, world.keyspace))
    yield stores
    run(stores.close())


@pytest.fixture(scope="session", params=["memory", pytest.param("cassandra", marks=pytest.mark.stack)])
def stores(request: pytest.FixtureRequest) -> Stores:
    if request.param == "memory":
        return MemoryStores()
    found: CassandraStores = request.getfixturevalue("cassandra_stores")
    return found


@pytest.fixture(params=["memory", pytest.param("cassandra", marks=pytest.mark.stack)])
def empty_stores(request: pytest.FixtureRequest, run: Run) -> Stores:
    """For what a world has only one of: a pointer and a clock that nobody has touched."""
    if request.param == "memory":
        return MemoryStores()
    found: CassandraStores = request.getfixturevalue("cassandra_stores")
    for table in ("model_pointer", "stream_clocks", "trends"):
        run(_truncate(found, table))
    return found


async def _truncate(stores: CassandraStores, table: str) -> None:
    await stores.connection._session.execute(acsylla.create_statement(f"TRUNCATE {table}", timeout=30.0))


def a_name() -> str:
    """A person, item, writer or request that no other test and no other run knows."""
    return uuid.uuid4().hex
