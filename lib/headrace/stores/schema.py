"""The keyspace and tables of a world, from the .cql files. No rows; roles and passwords are the server's business."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from cassandra import DriverException
from cassandra.auth import PlainTextAuthProvider
from cassandra.cluster import EXEC_PROFILE_DEFAULT, Cluster, ExecutionProfile, NoHostAvailable, Session
from cassandra.policies import DCAwareRoundRobinPolicy
from cassandra.protocol import ErrorMessage

from headrace.errors import BadSettings, StoreUnavailable
from headrace.settings import Cassandra

DDL_TIMEOUT_S: Final = 30.0  # a table is created in 0.1 to 2 s; a busy laptop has been seen to take ten times that
REFUSALS: Final = (NoHostAvailable, DriverException, ErrorMessage)  # what the driver raises; they share no base


def create_schema(cassandra: Cassandra, keyspace: str, ddl_dir: Path, ttl_s: Mapping[str, int] | None = None) -> None:
    """Make the keyspace and every table that is missing, and wait for the cluster to agree.

    `ttl_s` maps tables to the default TTL that they get instead of their file's. Raises StoreUnavailable, naming
    the statement's file, and BadSettings where the folder or a file is not as it should be.
    """
    statements = _statements(ddl_dir)
    replication = f"{{'class': 'NetworkTopologyStrategy', '{cassandra.datacenter}': {cassandra.replication}}}"
    with _session(cassandra) as session:
        _run(session, keyspace, f"CREATE KEYSPACE IF NOT EXISTS {keyspace} WITH replication = {replication}")
        session.set_keyspace(keyspace)
        for file, statement in statements.items():
            _run(session, file, statement)
        for table, seconds in (ttl_s or {}).items():
            _run(session, table, f"ALTER TABLE {table} WITH default_time_to_live = {seconds:d}")


def _statements(ddl_dir: Path) -> Mapping[str, str]:
    """File name → its one statement. A file must open with the query that its table answers."""
    texts = {path.name: path.read_text(encoding="utf-8") for path in sorted(ddl_dir.glob("*.cql"))}
    if not texts:
        raise BadSettings(f"{ddl_dir}: no .cql file there; run from the project's root or give --conf")
    for name, text in texts.items():
        if not text.startswith("-- "):
            raise BadSettings(f"{ddl_dir / name}: it must open with a comment: the query that the table answers")
    return texts


@contextmanager
def _session(cassandra: Cassandra) -> Iterator[Session]:
    cluster = Cluster(
        contact_points=list(cassandra.hosts),
        port=cassandra.port,
        auth_provider=PlainTextAuthProvider(cassandra.user, cassandra.password.get_secret_value()),
        execution_profiles={
            EXEC_PROFILE_DEFAULT: ExecutionProfile(
                load_balancing_policy=DCAwareRoundRobinPolicy(cassandra.datacenter), request_timeout=DDL_TIMEOUT_S
            )
        },
        protocol_version=5,
        connect_timeout=DDL_TIMEOUT_S,
        max_schema_agreement_wait=DDL_TIMEOUT_S,
    )
    try:
        try:
            session = cluster.connect()
        except REFUSALS as error:
            where = f"{','.join(cassandra.hosts)}:{cassandra.port}"
            raise StoreUnavailable(f"Cassandra at {where} as {cassandra.user}: {error}") from error
        yield session
    finally:
        cluster.shutdown()


def _run(session: Session, what: str, statement: str) -> None:
    try:
        future = session.execute_async(statement)
        future.result()
    except REFUSALS as error:
        raise StoreUnavailable(f"Cassandra: {what}: {error}") from error
    if not future.is_schema_agreed:
        raise StoreUnavailable(f"Cassandra: {what}: its nodes did not agree on the schema in {DDL_TIMEOUT_S:.0f} s")
