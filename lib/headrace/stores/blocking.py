"""The Cassandra stores for callers without an event loop, such as Spark's executors. One loop thread per process."""

from __future__ import annotations

import asyncio
import atexit
import os
import threading
from collections.abc import Coroutine
from dataclasses import dataclass, field
from functools import cache
from typing import Any, Final, TypeVar

from headrace.errors import StoreUnavailable
from headrace.settings import Cassandra
from headrace.stores.cassandra import CassandraStores, open_stores

T = TypeVar("T")

CLOSE_TIMEOUT_S: Final = 2.0


@dataclass(frozen=True, slots=True)
class _Process:
    """One process's loop and what it opened, by cluster and keyspace."""

    loop: asyncio.AbstractEventLoop
    opened: dict[tuple[Cassandra, str], CassandraStores] = field(default_factory=dict)
    opening: threading.Lock = field(default_factory=threading.Lock)


def stores(cassandra: Cassandra, keyspace: str) -> CassandraStores:
    """This process's stores, opened at the first call and closed at its exit. Raises StoreUnavailable."""
    here = _process(os.getpid())
    with here.opening:
        if (cassandra, keyspace) not in here.opened:
            here.opened[cassandra, keyspace] = run(open_stores(cassandra, keyspace))
    return here.opened[cassandra, keyspace]


def run(call: Coroutine[Any, Any, T]) -> T:
    """Wait for one call of these stores: `run(stores(…).user_panes.put(cells, write_us))`. From any thread."""
    return asyncio.run_coroutine_threadsafe(call, _process(os.getpid()).loop).result()


# Keyed by process, because neither a thread nor a driver's session survives a fork: a child finds no entry of its own
# and opens anew. Its parent's entry stays, unused: destroying another process's session would wait for dead threads.
@cache
def _process(pid: int) -> _Process:
    loop = asyncio.new_event_loop()
    threading.Thread(target=loop.run_forever, name="headrace-stores", daemon=True).start()
    process = _Process(loop)
    atexit.register(_close, pid, process)
    return process


def _close(pid: int, process: _Process) -> None:
    if pid != os.getpid():
        return
    for opened in process.opened.values():
        try:
            asyncio.run_coroutine_threadsafe(opened.close(), process.loop).result(CLOSE_TIMEOUT_S)
        except (StoreUnavailable, TimeoutError):
            continue  # the process is leaving; the server drops the connection by itself
    process.opened.clear()
    process.loop.call_soon_threadsafe(process.loop.stop)
