"""The Cassandra stores for callers without an event loop, such as Spark's executors. One loop thread per process."""

from __future__ import annotations

import asyncio
import atexit
import gc
import os
import threading
from collections.abc import Coroutine
from typing import Any, Final, TypeVar

from headrace.errors import StoreUnavailable
from headrace.settings import Cassandra
from headrace.stores.cassandra import CassandraStores, open_stores

T = TypeVar("T")

CLOSE_TIMEOUT_S: Final = 2.0


def stores(cassandra: Cassandra, keyspace: str) -> CassandraStores:
    """This process's stores, opened at the first call and closed at its exit. Raises StoreUnavailable."""
    return _this_process().stores(cassandra, keyspace)


def run(call: Coroutine[Any, Any, T]) -> T:
    """Wait for one call of these stores: `run(stores(…).user_panes.put(cells, write_us))`. From any thread."""
    return _this_process().run(call)


class _Process:
    """One process's loop and what it opened, by cluster and keyspace."""

    def __init__(self) -> None:
        self._starting = threading.Lock()
        self._opening = threading.Lock()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._opened: dict[tuple[Cassandra, str], CassandraStores] = {}

    def stores(self, cassandra: Cassandra, keyspace: str) -> CassandraStores:
        with self._opening:
            if (cassandra, keyspace) not in self._opened:
                self._opened[cassandra, keyspace] = self.run(open_stores(cassandra, keyspace))
                # Spark's workers look through all that they have for garbage after every task: 26 of 100 ms of hot's.
                gc.freeze()
            return self._opened[cassandra, keyspace]

    def run(self, call: Coroutine[Any, Any, T]) -> T:
        return asyncio.run_coroutine_threadsafe(call, self._started()).result()

    def _started(self) -> asyncio.AbstractEventLoop:
        with self._starting:
            if self._loop is None:
                self._loop = asyncio.new_event_loop()
                threading.Thread(target=self._loop.run_forever, name="headrace-stores", daemon=True).start()
                atexit.register(self._close, os.getpid(), self._loop)
            return self._loop

    def _close(self, pid: int, loop: asyncio.AbstractEventLoop) -> None:
        if pid != os.getpid():  # a forked child leaves: the session is its parent's
            return
        for opened in self._opened.values():
            try:
                asyncio.run_coroutine_threadsafe(opened.close(), loop).result(CLOSE_TIMEOUT_S)
            except (StoreUnavailable, TimeoutError):
                continue  # the process is leaving; the server drops the connection by itself
        loop.call_soon_threadsafe(loop.stop)


# By process, because neither a thread nor a driver's session survives a fork: a child finds no entry of its own and
# opens anew. Its parent's entry stays, unused: destroying another process's session would wait for dead threads.
_processes: Final[dict[int, _Process]] = {}


def _this_process() -> _Process:
    return _processes.setdefault(os.getpid(), _Process())  # one operation under the interpreter's lock: one winner
