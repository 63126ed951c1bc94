"""A store that is away is waited for, since its batch can be written later and by nobody else. No other error is."""

from __future__ import annotations

import time
from collections.abc import Callable, Coroutine
from typing import Any, Final, TypeVar

from headrace.errors import StoreUnavailable
from headrace.settings import Cassandra
from headrace.stores import blocking
from headrace.stores.ports import Stores

PATIENCE_S: Final = 900.0  # then the query fails and says so: a store that is away this long wants a person
PAUSE_S: Final = 0.5

T = TypeVar("T")


def patiently(
    cassandra: Cassandra, keyspace: str, ask: Callable[[Stores], Coroutine[Any, Any, T]], patience_s: float = PATIENCE_S
) -> T:
    """Run a call that may be repeated until its store answers. Raises StoreUnavailable after `patience_s`."""
    deadline = time.monotonic() + patience_s
    while True:
        try:
            return blocking.run(ask(blocking.stores(cassandra, keyspace)))
        except StoreUnavailable:
            if time.monotonic() > deadline:
                raise
        time.sleep(PAUSE_S)


def next_write_us(cassandra: Cassandra, keyspace: str, writer: str) -> int:
    """This writer's next write timestamp; it only grows. Raises StoreUnavailable, late."""
    return patiently(cassandra, keyspace, lambda stores: stores.leases.next_write_us(writer, time.time_ns() // 1_000))
