"""Real Kafka and Cassandra, started by `headrace up --servers-only`."""

import stat
from collections.abc import Callable
from pathlib import Path

import pytest
from cassandra import AuthenticationFailed
from cassandra.auth import PlainTextAuthProvider
from cassandra.cluster import Cluster, ExecutionProfile, NoHostAvailable
from cassandra.policies import WhiteListRoundRobinPolicy
from kafka import KafkaConsumer

from headrace.settings import Settings
from tests.conftest import run_headrace

pytestmark = pytest.mark.stack


def cluster(settings: Settings, user: str, password: str) -> Cluster:
    profile = ExecutionProfile(load_balancing_policy=WhiteListRoundRobinPolicy(settings.cassandra.hosts))
    return Cluster(
        settings.cassandra.hosts,
        port=settings.cassandra.port,
        auth_provider=PlainTextAuthProvider(user, password),
        execution_profiles={"default": profile},
        protocol_version=5,
    )


def test_the_default_superuser_does_not_survive_the_first_start(servers: Settings) -> None:
    refused = cluster(servers, "cassandra", "cassandra")
    with pytest.raises(NoHostAvailable) as error:
        refused.connect()
    refused.shutdown()
    assert [type(cause) for cause in error.value.errors.values()] == [AuthenticationFailed]
    ours = cluster(servers, "headrace", servers.cassandra.password.get_secret_value())
    roles = {row.role for row in ours.connect().execute("SELECT role FROM system_auth.roles")}
    ours.shutdown()
    assert roles == {"headrace"}


def test_the_password_is_random_and_readable_by_its_owner_only(servers: Settings) -> None:
    file = servers.paths.var / "stack.toml"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert len(servers.cassandra.password.get_secret_value()) >= 32
    assert len(servers.serve.seed_secret.get_secret_value()) >= 32


def test_a_second_up_starts_nothing_and_changes_no_secret(var: Path, servers: Settings) -> None:
    before = (var / "stack.toml").read_text(), (var / "run" / "kafka.pid").read_text()
    assert "everything was up already" in run_headrace(var, "up", "--servers-only")
    assert ((var / "stack.toml").read_text(), (var / "run" / "kafka.pid").read_text()) == before


def test_two_worlds_share_the_servers_and_nothing_else(servers: Settings, new_world: Callable[[str], Settings]) -> None:
    other = new_world("other")
    assert other.keyspace == "headrace_other"
    consumer = KafkaConsumer(bootstrap_servers=servers.kafka.bootstrap)
    topics = consumer.topics()
    consumer.close()
    assert {"main.events.raw", "other.events.raw"} <= set(topics)
