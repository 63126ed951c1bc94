"""The one role of a local Cassandra: ours, with a random password. The default superuser does not survive it."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator
from contextlib import contextmanager

from cassandra import AuthenticationFailed, DriverException
from cassandra.auth import PlainTextAuthProvider
from cassandra.cluster import EXEC_PROFILE_DEFAULT, Cluster, ExecutionProfile, NoHostAvailable, Session
from cassandra.policies import WhiteListRoundRobinPolicy
from cassandra.protocol import ErrorMessage

from headrace.errors import PartFailed
from headrace.settings import Cassandra

DEFAULT = "cassandra"  # user and password of a fresh node
PATIENCE_S = 60.0


def secure(cassandra: Cassandra) -> None:
    """Make our role if it is not there, then drop the default superuser. Again: nothing changes.

    An interrupted first time is continued: ours is asked first, and the default one dropped through ours. Raises
    PartFailed where neither password is accepted.
    """
    # The driver reports each attempt on a node that is still starting as a warning with a stack trace.
    logging.getLogger("cassandra").setLevel(logging.CRITICAL)
    ours = (cassandra.user, cassandra.password.get_secret_value())
    if not _accepts(cassandra, ours):
        with _session(cassandra, (DEFAULT, DEFAULT)) as session:
            session.execute(
                f"CREATE ROLE IF NOT EXISTS {_quoted(ours[0])} "
                f"WITH PASSWORD = {_literal(ours[1])} AND LOGIN = true AND SUPERUSER = true"
            )
    with _session(cassandra, ours) as session:
        session.execute(f"DROP ROLE IF EXISTS {_quoted(DEFAULT)}")


def others_listed(cassandra: Cassandra, host: str) -> int:
    """How many other nodes this one knows. Raises PartFailed when it does not answer us."""
    ours = (cassandra.user, cassandra.password.get_secret_value())
    with _session(cassandra.model_copy(update={"hosts": (host,)}), ours) as session:
        return len(session.execute("SELECT peer FROM system.peers_v2").all())


def _accepts(cassandra: Cassandra, login: tuple[str, str]) -> bool:
    """Is this login good? Waits for a node that answers but is not yet through with its start."""
    deadline = time.monotonic() + PATIENCE_S
    while True:
        try:
            with _session(cassandra, login):
                return True
        except PartFailed as error:
            if _is_refusal(error.__cause__) and _default_is_known(cassandra):
                return False
            if time.monotonic() > deadline:
                raise
        time.sleep(0.5)


def _default_is_known(cassandra: Cassandra) -> bool:
    try:
        with _session(cassandra, (DEFAULT, DEFAULT)):
            return True
    except PartFailed:
        return False


def _is_refusal(error: BaseException | None) -> bool:
    if isinstance(error, NoHostAvailable):
        return any(isinstance(cause, AuthenticationFailed) for cause in error.errors.values())
    return isinstance(error, AuthenticationFailed)


@contextmanager
def _session(cassandra: Cassandra, login: tuple[str, str]) -> Iterator[Session]:
    profile = ExecutionProfile(load_balancing_policy=WhiteListRoundRobinPolicy(cassandra.hosts), request_timeout=30)
    cluster = Cluster(
        contact_points=list(cassandra.hosts),
        port=cassandra.port,
        auth_provider=PlainTextAuthProvider(*login),
        execution_profiles={EXEC_PROFILE_DEFAULT: profile},
        protocol_version=5,
        connect_timeout=30,
    )
    try:
        yield cluster.connect()
    except (NoHostAvailable, DriverException, ErrorMessage) as error:
        where = f"{cassandra.hosts[0]}:{cassandra.port}"
        raise PartFailed(f"cassandra: {where} as {login[0]!r}: {error}") from error
    finally:
        cluster.shutdown()


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _literal(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
