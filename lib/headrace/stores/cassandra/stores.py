"""Every store of one world over one connection; opened together, closed together."""

from __future__ import annotations

from dataclasses import dataclass

from headrace.errors import StoreUnavailable
from headrace.settings import Cassandra
from headrace.stores.cassandra.candidates import CassandraCandidates, open_candidates
from headrace.stores.cassandra.clocks import CassandraClocks, open_clocks
from headrace.stores.cassandra.connection import Connection, open_connection
from headrace.stores.cassandra.counts import CassandraCounts, open_counts
from headrace.stores.cassandra.decisions import CassandraDecisions, open_decisions
from headrace.stores.cassandra.leases import CassandraLeases, open_leases
from headrace.stores.cassandra.panes import CassandraPanes, open_panes
from headrace.stores.cassandra.pointers import CassandraPointers, open_pointers
from headrace.stores.cassandra.profiles import CassandraProfiles, open_profiles
from headrace.stores.cassandra.sessions import CassandraSessions, open_sessions
from headrace.stores.cassandra.tails import CassandraTails, open_tails
from headrace.stores.cassandra.trends import CassandraTrends, open_trends


@dataclass(frozen=True, slots=True)
class CassandraStores:
    """Belongs to the event loop that opened it; see stores/blocking.py for programs without one."""

    connection: Connection
    tails: CassandraTails
    user_panes: CassandraPanes
    item_panes: CassandraPanes
    sessions: CassandraSessions
    candidates: CassandraCandidates
    decisions: CassandraDecisions
    profiles: CassandraProfiles
    pointers: CassandraPointers
    clocks: CassandraClocks
    leases: CassandraLeases
    counts: CassandraCounts
    trends: CassandraTrends

    async def close(self) -> None:
        await self.connection.close()


async def open_stores(cassandra: Cassandra, keyspace: str) -> CassandraStores:
    """Connect and prepare every statement; raises StoreUnavailable when no node answers or the schema is not there.

    It tries once: a program that must start without Cassandra calls it again, say every second, until it succeeds.
    From then on the driver reconnects by itself, and calls in between raise StoreUnavailable within their deadline.
    """
    connection = await open_connection(cassandra, keyspace)
    try:
        return CassandraStores(
            connection,
            tails=await open_tails(connection),
            user_panes=await open_panes(connection, "user_panes", "person"),
            item_panes=await open_panes(connection, "item_panes", "item_id"),
            sessions=await open_sessions(connection),
            candidates=await open_candidates(connection),
            decisions=await open_decisions(connection),
            profiles=await open_profiles(connection),
            pointers=await open_pointers(connection),
            clocks=await open_clocks(connection),
            leases=await open_leases(connection),
            counts=await open_counts(connection),
            trends=await open_trends(connection),
        )
    except StoreUnavailable:
        await connection.close()
        raise
