"""Topics, send_all and the consumer, on a real broker."""

from __future__ import annotations

import socket
import time

import pytest
from kafka import KafkaAdminClient
from kafka.admin import ConfigResource, ConfigResourceType

from headrace.errors import BadSettings, StoreUnavailable
from headrace.settings import Kafka, Settings
from headrace.stores.kafka import Outgoing, close_producer, create_topics, open_consumer, open_producer, send_all
from headrace.stores.kafka.partitions import count_partitions
from headrace.stores.kafka.topics import TOPICS, add_partitions
from tests.stores.conftest import a_name
from tests.stores.test_log import read_whole


@pytest.mark.stack
def test_every_topic_of_the_world_exists_with_its_limits(world: Settings) -> None:
    create_topics(world)  # again: nothing happens
    admin = KafkaAdminClient(bootstrap_servers=world.kafka.bootstrap)
    try:
        names = [
            world.topic(name)
            for name in ("events.raw", "events.clean", "events.rejected", "catalogue", "users", "decisions")
        ]
        assert set(names) <= set(admin.list_topics())
        assert {len(topic["partitions"]) for topic in admin.describe_topics(names)} == {world.world.partitions}
        resources = [ConfigResource(ConfigResourceType.TOPIC, name) for name in names]
        configs = admin.describe_configs(resources)["topic"]
    finally:
        admin.close()
    found = {name: {key: config["value"] for key, config in entries.items()} for name, entries in configs.items()}
    assert found["stores.events.raw"]["message.timestamp.type"] == "LogAppendTime"
    assert found["stores.events.raw"]["compression.type"] == "uncompressed"
    assert found["stores.events.rejected"]["max.message.bytes"] == str(2 * 1024 * 1024)
    assert found["stores.catalogue"]["cleanup.policy"] == "compact"
    assert found["stores.users"]["cleanup.policy"] == "compact"
    assert found["stores.users"]["message.timestamp.type"] == "LogAppendTime"


@pytest.mark.stack
def test_topics_with_other_partitions_than_the_settings_are_refused(world: Settings) -> None:
    other = world.model_copy(update={"world": world.world.model_copy(update={"partitions": 7})})
    with pytest.raises(BadSettings, match=r"stores\.events\.\w+: it has 2 partitions"):
        create_topics(other)


@pytest.mark.stack
def test_partitions_are_added_where_a_newer_record_does_not_replace_an_older_one(servers: Settings) -> None:
    name = f"grow_{a_name()[:8]}"
    one = servers.model_copy(update={"world": servers.world.model_copy(update={"name": name, "partitions": 1})})
    three = one.model_copy(update={"world": one.world.model_copy(update={"partitions": 3})})
    create_topics(one)
    with pytest.raises(BadSettings, match=r"it has 1 partitions, world.partitions = 3: set it to 1, or see docs"):
        create_topics(three)
    growing = {topic for topic, configs in TOPICS.items() if configs.get("cleanup.policy") != "compact"}
    assert set(add_partitions(three)) == {three.topic(topic) for topic in growing}
    assert add_partitions(three) == ()
    create_topics(three)  # a compacted topic with fewer is no reason to refuse
    assert count_partitions(three.kafka, three.topic("events.raw")) == 3
    assert count_partitions(three.kafka, three.topic("catalogue")) == 1
    with pytest.raises(BadSettings, match=r"it has 3 partitions, world\.partitions = 1: set it to 3$"):
        add_partitions(one)


@pytest.mark.stack
def test_the_first_record_since_a_moment_is_found_or_the_next_to_come(world: Settings) -> None:
    topic, base_ms = (
        world.topic("decisions"),
        time.time_ns() // 1_000_000 + 1_800_000,
    )  # later than what other tests sent
    producer = open_producer(world.kafka)
    records = [Outgoing(topic, b"since", b"%d" % n, (), timestamp_ms=base_ms + n) for n in range(3)]
    try:
        appended = send_all(producer, iter(records), deadline_ms=30_000)
    finally:
        close_producer(producer, within_s=5.0)
    consumer = open_consumer(world.kafka)
    try:
        place = (topic, appended[0].partition)
        assert consumer.firsts_since([place], base_ms + 1) == {place: appended[1].offset}
        assert consumer.firsts_since([place], base_ms + 3) == consumer.ends([place])
    finally:
        consumer.close()


@pytest.mark.stack
def test_what_send_all_returned_for_is_there_in_order(world: Settings) -> None:
    topic, key, now_ms = world.topic("decisions"), a_name().encode(), time.time_ns() // 1_000_000
    producer = open_producer(world.kafka)
    records = [Outgoing(topic, key, b"%d" % n, (("h", b"x"),), timestamp_ms=now_ms + n) for n in range(2_000)]
    try:
        appended = send_all(producer, iter(records), deadline_ms=30_000)
    finally:
        close_producer(producer, within_s=5.0)
    mine = [record for record in read_whole(world, topic) if record.key == key]
    assert [record.value for record in mine] == [record.value for record in records]
    assert [record.offset for record in mine] == [one.offset for one in appended]
    assert (mine[7].timestamp_ms, mine[7].headers) == (now_ms + 7, (("h", b"x"),))


@pytest.mark.stack
def test_a_refused_record_fails_the_whole_send(world: Settings) -> None:
    producer = open_producer(world.kafka)
    try:
        with pytest.raises(StoreUnavailable):
            send_all(producer, [Outgoing(world.topic("decisions"), b"k", bytes(2 * 1024 * 1024))], deadline_ms=30_000)
    finally:
        close_producer(producer, within_s=5.0)


def test_clients_of_a_broker_that_is_not_there_are_refused_with_its_address() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    nowhere = Kafka(bootstrap=f"127.0.0.1:{port}", request_timeout_ms=200)
    for make in (open_producer, open_consumer):
        with pytest.raises(StoreUnavailable, match=f"127.0.0.1:{port}"):
            make(nowhere)


@pytest.mark.stack
def test_an_unknown_topic_is_named(world: Settings) -> None:
    consumer = open_consumer(world.kafka)
    try:
        with pytest.raises(StoreUnavailable, match=r"stores\.nothing"):
            consumer.assign_whole("stores.nothing")
    finally:
        consumer.close()
