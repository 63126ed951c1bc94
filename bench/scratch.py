"""A world that only a benchmark uses: empty when it begins, gone when it ends. On this machine's own servers only."""

from __future__ import annotations

import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from cassandra.auth import PlainTextAuthProvider
from cassandra.cluster import EXEC_PROFILE_DEFAULT, Cluster, ExecutionProfile, Session
from cassandra.policies import DCAwareRoundRobinPolicy
from kafka import KafkaAdminClient

from headrace.errors import PartFailed
from headrace.local.machine_files import write_sections
from headrace.local.part import Part
from headrace.local.process import stop
from headrace.local.stack import down, up
from headrace.local.world_parts import JOBS
from headrace.settings import Settings, load_settings

DDL_TIMEOUT_S = 60.0
PARTITIONS = 2


@contextmanager
def servers(conf: Path) -> Iterator[None]:
    """Kafka and Cassandra run within the block; those that did not before are stopped after it."""
    started: list[Part] = []
    try:
        up(conf, None, None, (), servers_only=True, say=_quiet, starts=started.append)
        yield
    finally:
        for part in reversed(started):
            stop(part.pid_file, part.grace_s)


def lives_now(settings: Settings, partitions: int) -> None:
    """Before its first `up`: the world goes by the wall clock, and not as a replay does."""
    write_sections(
        settings.world_dir / "world.toml",
        {"world": {"clock": "wall", "trust_received_at": True, "partitions": partitions}},
    )


@contextmanager
def scratch_world(conf: Path, name: str) -> Iterator[Settings]:
    """The world's topics and tables, empty, and no job. After the block its jobs are stopped and all of it is gone."""
    settings = load_settings(conf, None, name)
    _wipe(settings)  # what a killed run left behind
    try:
        lives_now(settings, PARTITIONS)
        settings, _ = up(conf, None, name, JOBS, servers_only=False, say=_quiet)
        yield settings
    finally:
        down(settings, conf, (name,), servers=False, say=_quiet)
        _wipe(load_settings(conf, None, name))


@contextmanager
def session(settings: Settings) -> Iterator[Session]:
    """A session of the plain driver, without a keyspace."""
    cassandra = settings.cassandra
    policy = DCAwareRoundRobinPolicy(cassandra.datacenter)
    cluster = Cluster(
        contact_points=list(cassandra.hosts),
        port=cassandra.port,
        auth_provider=PlainTextAuthProvider(cassandra.user, cassandra.password.get_secret_value()),
        execution_profiles={EXEC_PROFILE_DEFAULT: ExecutionProfile(policy, request_timeout=DDL_TIMEOUT_S)},
        protocol_version=5,
        connect_timeout=DDL_TIMEOUT_S,
    )
    try:
        yield cluster.connect()
    finally:
        cluster.shutdown()


def _wipe(settings: Settings) -> None:
    with session(settings) as cassandra:
        cassandra.execute(f"DROP KEYSPACE IF EXISTS {settings.keyspace}")
    _delete_topics(settings)
    shutil.rmtree(settings.world_dir, ignore_errors=True)


def _delete_topics(settings: Settings) -> None:
    """Return when none is left: one that is still going could not be made again."""
    admin = KafkaAdminClient(bootstrap_servers=settings.kafka.bootstrap.split(","))
    deadline = time.monotonic() + DDL_TIMEOUT_S
    try:
        while left := [topic for topic in admin.list_topics() if topic.startswith(settings.topic(""))]:
            if time.monotonic() > deadline:
                raise PartFailed(f"Kafka still has {', '.join(left)} {DDL_TIMEOUT_S:.0f} s after they were deleted")
            admin.delete_topics(left)
            time.sleep(1.0)
    finally:
        admin.close()


def _quiet(_: str) -> None:
    """The table is all that a benchmark prints."""
