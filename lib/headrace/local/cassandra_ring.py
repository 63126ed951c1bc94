"""Whether the Cassandra nodes of this machine have found each other. It starts none and makes no role."""

from __future__ import annotations

import time

from headrace.errors import PartFailed
from headrace.local.cassandra_role import others_listed
from headrace.settings import Cassandra

PATIENCE_S = 60.0
POLL_S = 0.3


def await_ring(cassandra: Cassandra) -> None:
    """Return when every node lists all the others. Raises PartFailed, after PATIENCE_S, with how many each one lists.

    Before that a table made through one node is unknown at another.
    """
    others, deadline = len(cassandra.hosts) - 1, time.monotonic() + PATIENCE_S
    while others:
        listed = {host: _others(cassandra, host) for host in cassandra.hosts}
        if set(listed.values()) == {others}:
            return
        if time.monotonic() > deadline:
            raise PartFailed(f"cassandra: each node must list {others} others; they list {listed}")
        time.sleep(POLL_S)


def _others(cassandra: Cassandra, host: str) -> int | None:
    try:
        return others_listed(cassandra, host)
    except PartFailed:  # a node that is not through with its start refuses even the right password
        return None
