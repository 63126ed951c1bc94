"""One session of one keyspace: prepared statements in, rows out, every driver error as StoreUnavailable. No table."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Iterable, Iterator, Sequence
from contextlib import asynccontextmanager
from typing import Any, Final, TypeAlias, cast

import acsylla
from acsylla.errors import CassException

from headrace.errors import StoreUnavailable
from headrace.settings import Cassandra

Value: TypeAlias = str | int | bytes | dict[str, bytes] | None
Row: TypeAlias = tuple[Any, ...]  # as the driver hands it out: only the table's schema knows its types

READ: Final = "read"  # the request path: the read deadline, at `cassandra.read_consistency`
WRITE: Final = "write"  # acknowledged by a quorum before it counts as durable
OWN: Final = "own"  # reads of what a quorum wrote: pointers, leases, write clocks

# 128 single-row writes under way fill two cores; more only queue in the driver (8,192 places, then it refuses).
IN_FLIGHT: Final = 128
REQUEST_BYTES: Final = 4_096  # Cassandra warns of a request with more rows than this, and refuses ten times as much
PARTITION_BYTES: Final = 65_536  # of one partition they are one write to it, which it neither warns of nor splits
PAGE_ROWS: Final = 250  # an hour of panes is a few kilobytes, a machine's two hundred
CONNECT_TIMEOUT_S: Final = 5.0
RECONNECT_MS: Final = 250  # the driver comes back by itself; its default of 2 s to 60 s would keep answers degraded
HEARTBEAT_S: Final = 2
SILENT_S: Final = 10  # a node that vanished without closing its connections is given up after this


class Prepared:
    """One statement of one profile. Made by Connection.prepare only."""

    __slots__ = ("cql", "profile", "statement")

    def __init__(self, cql: str, profile: str, statement: acsylla.PreparedStatement) -> None:
        self.cql = cql
        self.profile = profile
        self.statement = statement

    def bind(self, values: Sequence[Value]) -> acsylla.Statement:
        bound = cast(acsylla.Statement, self.statement.bind(list(values), execution_profile=self.profile))
        bound.set_is_idempotent(True)
        return bound


class Connection:
    """Belongs to the event loop that opened it."""

    def __init__(self, session: acsylla.Session, where: str, rows_per_request: int) -> None:
        self._session = session
        self._where = where
        self._rows_per_request = rows_per_request
        self._closed = False

    async def prepare(self, cql: str, profile: str) -> Prepared:
        async with _translated(self._where, cql):
            return Prepared(cql, profile, await self._session.create_prepared(cql))

    async def rows(self, prepared: Prepared, values: Sequence[Value]) -> list[Row]:
        """Every row of the answer, in its order."""
        result = await self._run(prepared, values)
        return [row.as_tuple() for row in result.all()]

    async def pages(self, prepared: Prepared, values: Sequence[Value]) -> AsyncIterator[list[Row]]:
        """Every row of an answer that may be long, a page at a time."""
        bound = prepared.bind(values)
        bound.set_page_size(PAGE_ROWS)
        more = True
        while more:
            result = await self._answered(lambda: self._session.execute(bound), prepared)
            yield [row.as_tuple() for row in result.all()]
            more = result.has_more_pages()
            if more:
                bound.set_page_state(result.page_state())

    async def write(self, prepared: Prepared, values: Sequence[Value]) -> None:
        await self._run(prepared, values)

    async def write_all(self, prepared: Prepared, rows: Collection[Sequence[Value]]) -> None:
        """Write each row, IN_FLIGHT requests at a time. On an error the rest is not tried; some rows may be there."""
        await self._write_requests(prepared, list(requests_of(rows, self._rows_per_request, REQUEST_BYTES)))

    async def write_partitions(self, prepared: Prepared, partitions: Iterable[Collection[Sequence[Value]]]) -> None:
        """Write the rows of each partition together, as far as they fit. As `write_all` where something goes wrong."""
        await self._write_requests(
            prepared, [request for rows in partitions for request in requests_of(rows, len(rows), PARTITION_BYTES)]
        )

    async def apply(self, prepared: Prepared, values: Sequence[Value]) -> dict[str, Value] | None:
        """Run a lightweight transaction: None where it was applied, else the row that stood in its way."""
        result = await self._run(prepared, values)
        row = cast(dict[str, Value], cast(acsylla.Row, result.first()).as_dict())
        return None if row.pop("[applied]") else row

    async def close(self) -> None:
        if not self._closed:
            self._closed = True
            async with _translated(self._where, "close"):
                await self._session.close()

    async def _write_requests(self, prepared: Prepared, requests: Collection[Sequence[Sequence[Value]]]) -> None:
        """Raises the first error; those of other requests under way are beside it, in its cause."""
        waiting = iter(requests)

        async def take_turns() -> None:
            for several in waiting:
                await self._write_together(prepared, several)

        try:
            async with asyncio.TaskGroup() as group:
                for _ in range(min(IN_FLIGHT, len(requests))):
                    group.create_task(take_turns())
        except ExceptionGroup as failures:
            raise failures.exceptions[0] from failures

    async def _write_together(self, prepared: Prepared, rows: Sequence[Sequence[Value]]) -> None:
        if len(rows) == 1:
            await self._run(prepared, rows[0])
            return

        def ask() -> Awaitable[acsylla.Result[acsylla.Row]]:
            batch = acsylla.create_batch_unlogged(execution_profile=prepared.profile)
            batch.set_is_idempotent(True)
            for values in rows:
                batch.add_statement(prepared.bind(values))
            return self._session.execute_batch(batch)

        await self._answered(ask, prepared)

    async def _run(self, prepared: Prepared, values: Sequence[Value]) -> acsylla.Result[acsylla.Row]:
        return await self._answered(lambda: self._session.execute(prepared.bind(values)), prepared)

    async def _answered(
        self, ask: Callable[[], Awaitable[acsylla.Result[acsylla.Row]]], prepared: Prepared
    ) -> acsylla.Result[acsylla.Row]:
        if self._closed:
            raise StoreUnavailable(f"Cassandra at {self._where}: this connection was closed")
        try:
            return await ask()
        except CassException as error:
            raise StoreUnavailable(f"Cassandra at {self._where}: {prepared.cql}: {error}") from error


def requests_of(rows: Iterable[Sequence[Value]], most: int, most_bytes: int) -> Iterator[list[Sequence[Value]]]:
    """The rows in order, `most` to a request, fewer where they are large.

    >>> [len(each) for each in requests_of([("a", b"x"), ("b", b"x"), ("c", bytes(5_000)), ("d", b"x")], 32, 4_096)]
    [2, 1, 1]
    """
    request: list[Sequence[Value]] = []
    room = most_bytes
    for values in rows:
        room -= sum(map(_size, values))
        if request and (room < 0 or len(request) == most):
            yield request
            request, room = [], most_bytes - sum(map(_size, values))
        request.append(values)
    if request:
        yield request


def _size(value: Value) -> int:
    if isinstance(value, dict):
        return sum(len(key) + len(entry) for key, entry in value.items())
    return len(value) if isinstance(value, str | bytes) else 8


async def open_connection(cassandra: Cassandra, keyspace: str) -> Connection:
    """Connect, or raise StoreUnavailable. Once open it reconnects by itself for as long as it lives."""
    await _reach(cassandra)
    cluster = acsylla.create_cluster(
        list(cassandra.hosts),
        port=cassandra.port,
        username=cassandra.user,
        password=cassandra.password.get_secret_value(),
        load_balance_dc_aware=cassandra.datacenter,
        connect_timeout=CONNECT_TIMEOUT_S,
        request_timeout=cassandra.write_timeout_ms / 1000,
        constant_reconnect_delay_ms=RECONNECT_MS,
        heartbeat_interval_sec=HEARTBEAT_S,
        idle_timeout_sec=SILENT_S,
        coalesce_delay_us=0,
        log_level="critical",  # what it would log comes to the caller as StoreUnavailable
    )
    quorum, serial = acsylla.Consistency.LOCAL_QUORUM, acsylla.Consistency.LOCAL_SERIAL
    # One replica of several may have missed what a quorum wrote: a person without candidates, a total of yesterday.
    read = acsylla.Consistency.LOCAL_ONE if cassandra.read_consistency == "local_one" else quorum
    cluster.create_execution_profile(READ, request_timeout=cassandra.read_timeout_ms, consistency=read)
    for profile in (WRITE, OWN):
        cluster.create_execution_profile(
            profile, request_timeout=cassandra.write_timeout_ms, consistency=quorum, serial_consistency=serial
        )
    where = f"{','.join(cassandra.hosts)}:{cassandra.port}"
    async with _translated(where, f"opening {keyspace} as {cassandra.user}"):
        return Connection(await cluster.create_session(keyspace=keyspace), where, cassandra.rows_per_request)


async def _reach(cassandra: Cassandra) -> None:
    """Return once a node accepts a connection.

    acsylla leaves sockets open after every session that it failed to open, until the event loop ends: a program that
    tries every second would run out of them within minutes.
    """
    for host in cassandra.hosts:
        try:
            _, writer = await asyncio.wait_for(asyncio.open_connection(host, cassandra.port), CONNECT_TIMEOUT_S)
        except OSError as error:  # TimeoutError is one
            refused = error
        else:
            writer.close()
            await writer.wait_closed()
            return
    raise StoreUnavailable(f"Cassandra at {','.join(cassandra.hosts)}:{cassandra.port}: {refused}") from refused


@asynccontextmanager
async def _translated(where: str, what: str) -> AsyncIterator[None]:
    try:
        yield
    except CassException as error:
        raise StoreUnavailable(f"Cassandra at {where}: {what}: {error}") from error
