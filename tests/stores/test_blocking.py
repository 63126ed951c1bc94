"""Stores for callers without an event loop: one session per process, however many threads and forks."""

from __future__ import annotations

import gc
import os
import socket
from concurrent.futures import ThreadPoolExecutor

import pytest

from headrace.domain.events import Person
from headrace.errors import StoreUnavailable
from headrace.settings import Cassandra, Settings
from headrace.stores import blocking
from tests.stores.conftest import a_name
from tests.stores.events import view


@pytest.mark.stack
def test_every_thread_of_a_process_shares_one_session(world: Settings) -> None:
    with ThreadPoolExecutor(8) as threads:
        found = list(threads.map(lambda _: blocking.stores(world.cassandra, world.keyspace), range(16)))
    assert len({id(stores) for stores in found}) == 1


@pytest.mark.stack
def test_what_is_there_when_stores_are_opened_is_never_looked_through_for_garbage(world: Settings) -> None:
    gc.unfreeze()
    blocking.stores(world.cassandra.model_copy(update={"read_timeout_ms": 4_321}), world.keyspace)  # opened here
    assert gc.get_freeze_count() > 1_000


@pytest.mark.stack
def test_what_one_call_wrote_the_next_reads(world: Settings) -> None:
    event = view(a_name(), "a", 5)
    stores = blocking.stores(world.cassandra, world.keyspace)
    blocking.run(stores.tails.append([event]))
    assert blocking.run(stores.tails.newest(event.person, 1)) == (event,)


@pytest.mark.stack
@pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning")
def test_a_forked_child_opens_its_own_and_the_parent_goes_on(world: Settings) -> None:
    event = view(a_name(), "a", 5)
    mine = blocking.stores(world.cassandra, world.keyspace)
    child = os.fork()
    if child == 0:  # no return to pytest from here
        status = 1
        try:
            theirs = blocking.stores(world.cassandra, world.keyspace)
            blocking.run(theirs.tails.append([event]))
            status = 0 if theirs is not mine else 2
        finally:
            os._exit(status)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    assert blocking.run(mine.tails.newest(event.person, 1)) == (event,)


def test_a_failed_opening_is_tried_again() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        nowhere = Cassandra(port=taken.getsockname()[1])
    for _ in range(2):
        with pytest.raises(StoreUnavailable):
            blocking.stores(nowhere, "headrace_main")


def test_an_error_of_the_call_comes_to_the_caller() -> None:
    async def fails() -> Person:
        raise StoreUnavailable("as told")

    with pytest.raises(StoreUnavailable, match="as told"):
        blocking.run(fails())
