"""The topics of a world: their names, partitions, retention and limits. No records."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Final

from kafka import KafkaAdminClient
from kafka.admin import ConfigResource, ConfigResourceType, NewPartitions
from kafka.errors import KafkaError, KafkaTimeoutError, TopicAlreadyExistsError

from headrace.errors import BadSettings, StoreUnavailable
from headrace.settings import Settings
from headrace.stores.kafka.reach import reach

DAY_MS: Final = 86_400_000
MIB: Final = 1_048_576

# A rejected record carries the raw one whole plus headers: with the raw topic's limit a record near it would not fit,
# and the ingest query would loop on it.
REJECTED_MAX_BYTES: Final = 2 * MIB

TOPICS: Final[Mapping[str, Mapping[str, str]]] = {
    # The broker's clock, not the sender's: received_at is this timestamp. A week: a weekend's outage loses nothing.
    # Uncompressed, so that its limit is of a record as it is read: max.message.bytes is of a batch as it is stored, and
    # 30 MiB of blanks fit into 1 MiB of gzip. Ingest could not send them on and died of them again at each start.
    "events.raw": {
        "message.timestamp.type": "LogAppendTime",
        "compression.type": "uncompressed",
        "retention.ms": str(7 * DAY_MS),
        "max.message.bytes": str(MIB),
    },
    # Three days: the ledger in Delta is the log of record, this only feeds whoever is behind.
    "events.clean": {"retention.ms": str(3 * DAY_MS), "max.message.bytes": str(MIB)},
    "events.rejected": {"retention.ms": str(14 * DAY_MS), "max.message.bytes": str(REJECTED_MAX_BYTES)},
    # Compacted, never expired: serving reads it whole at its start.
    "catalogue": {"cleanup.policy": "compact", "min.cleanable.dirty.ratio": "0.1"},
    # The same for people, but stored by live: which record is the newer one is the broker's word, and a deletion stays
    # readable for as long as live may have been away.
    "users": {
        "cleanup.policy": "compact",
        "min.cleanable.dirty.ratio": "0.1",
        "message.timestamp.type": "LogAppendTime",
        "delete.retention.ms": str(7 * DAY_MS),
    },
    "decisions": {"retention.ms": str(3 * DAY_MS), "max.message.bytes": str(MIB)},
}
"""Topic (without its world) → what differs from the broker's defaults."""

POLL_S: Final = 0.2
SETTLE_S: Final = 60.0  # a broker that has just started may take this long to elect its controller


def create_topics(settings: Settings) -> None:
    """Make every topic of the world and wait until each has a leader; those that exist get these limits again.

    Raises StoreUnavailable, naming the broker or the topic, and BadSettings where a topic has fewer or more
    partitions than the settings say: that is never changed in passing, since it splits a person's order.
    """
    # With acks=all, one copy may be missing and appends go on; with two missing they are refused, not lost.
    copies = {"min.insync.replicas": str(max(1, settings.kafka.replication - 1))}
    names = {settings.topic(name): {**configs, **copies} for name, configs in TOPICS.items()}
    with _admin(settings) as admin:
        for topic, configs in names.items():
            _create(admin, topic, settings, configs)
        with _translated(", ".join(names), settings):
            admin.wait_for_topics(list(names), timeout_ms=int(SETTLE_S * 1000))
            described = admin.describe_topics(list(names))
        for found in described:
            name, partitions = found["name"], len(found["partitions"])
            if _may_grow(settings, name) or partitions > settings.world.partitions:
                _check_partitions(name, partitions, settings.world.partitions)


def add_partitions(settings: Settings) -> tuple[str, ...]:
    """Give every topic of the world that may grow world.partitions; the names of those that had fewer.

    From then on a person's new records may be in another partition than their old ones: nobody may write, and whoever
    reads must have read everything (docs/running.md, More partitions). Raises StoreUnavailable, and BadSettings where
    a topic is missing or has more.
    """
    topics = [name for name in map(settings.topic, TOPICS) if _may_grow(settings, name)]
    with _admin(settings) as admin, _translated(", ".join(topics), settings):
        absent = [name for name in topics if name not in admin.list_topics()]
        if absent:
            raise BadSettings(f"{absent[0]}: no such topic; `headrace up` makes the topics of a world")
        found = {each["name"]: len(each["partitions"]) for each in admin.describe_topics(topics)}
        for name, partitions in found.items():
            if partitions > settings.world.partitions:
                _check_partitions(name, partitions, settings.world.partitions)
        fewer = tuple(name for name in topics if found[name] < settings.world.partitions)
        if fewer:
            admin.create_partitions({name: NewPartitions(settings.world.partitions) for name in fewer})
            _wait_for_partitions(admin, fewer, settings.world.partitions)
    return fewer


def _may_grow(settings: Settings, topic: str) -> bool:
    """Not a compacted one: an item's old record would stay in its old partition for ever, beside the newer ones."""
    return TOPICS[topic.removeprefix(settings.topic(""))].get("cleanup.policy") != "compact"


@contextmanager
def _admin(settings: Settings) -> Iterator[KafkaAdminClient]:
    """A client of a broker that answers; a broker that is still starting is waited for."""
    reach(settings.kafka, int(SETTLE_S * 1000))
    with _translated("its topics", settings):
        admin = KafkaAdminClient(
            bootstrap_servers=settings.kafka.bootstrap.split(","),
            bootstrap_timeout_ms=int(SETTLE_S * 1000),
            request_timeout_ms=settings.kafka.request_timeout_ms,
            reconnect_backoff_max_ms=1_000,
        )
    try:
        yield admin
    finally:
        admin.close()


@contextmanager
def _translated(what: str, settings: Settings) -> Iterator[None]:
    try:
        yield
    except KafkaError as error:
        raise StoreUnavailable(f"Kafka at {settings.kafka.bootstrap}: {what}: {error}") from error


def _create(admin: KafkaAdminClient, topic: str, settings: Settings, configs: Mapping[str, str]) -> None:
    wanted = {
        "num_partitions": settings.world.partitions,
        "replication_factor": settings.kafka.replication,
        "configs": dict(configs),
    }
    deadline = time.monotonic() + SETTLE_S
    while True:
        try:
            admin.create_topics({topic: wanted})
            return
        except TopicAlreadyExistsError:
            with _translated(topic, settings):
                admin.alter_configs([ConfigResource(ConfigResourceType.TOPIC, topic, dict(configs))])
            return
        except KafkaError as error:
            # Until the controller is elected and the broker registered: not controller, timeout, too few brokers.
            if time.monotonic() > deadline:
                raise StoreUnavailable(f"Kafka at {settings.kafka.bootstrap}: {topic}: {error}") from error
            time.sleep(POLL_S)


def _wait_for_partitions(admin: KafkaAdminClient, topics: Sequence[str], partitions: int) -> None:
    """Until a broker shows them: its metadata come a moment after the controller's word."""
    deadline = time.monotonic() + SETTLE_S
    while any(len(found["partitions"]) < partitions for found in admin.describe_topics(list(topics))):
        if time.monotonic() > deadline:
            raise KafkaTimeoutError(f"{partitions} partitions do not show after {SETTLE_S:.0f} s")
        time.sleep(POLL_S)


def _check_partitions(topic: str, found: int, wanted: int) -> None:
    if found != wanted:
        more = ", or see docs/running.md, More partitions" if found < wanted else ""
        raise BadSettings(f"{topic}: it has {found} partitions, world.partitions = {wanted}: set it to {found}{more}")
