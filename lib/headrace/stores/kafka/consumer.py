"""Records of topics, in order per partition, with kafka-python's errors translated. What they mean: not here.

For one thread: kafka-python's consumer is not thread-safe.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Final, TypeAlias

from kafka import KafkaConsumer
from kafka.errors import CommitFailedError, KafkaError
from kafka.structs import OffsetAndMetadata, TopicPartition

from headrace.errors import StoreUnavailable
from headrace.settings import Kafka
from headrace.stores.kafka.reach import reach

Partition: TypeAlias = tuple[str, int]
"""(topic, partition)."""

# How long an empty fetch stays with the broker; a record ends it at once. An idle member cost 10 % of a core at 10 ms,
# 3 % at 100 ms; longer only delays what was resumed or sought while a fetch is under way.
FETCH_MAX_WAIT_MS: Final = 100
SESSION_TIMEOUT_MS: Final = 10_000  # how long a killed member's partitions wait for another
MAX_POLL_RECORDS: Final = 2_000


@dataclass(frozen=True, slots=True)
class Record:
    """One record as it was read."""

    topic: str
    partition: int
    offset: int
    timestamp_ms: int
    key: bytes | None
    value: bytes | None
    headers: tuple[tuple[str, bytes], ...]


class Consumer:
    """Every call raises StoreUnavailable when the broker does not answer, or has just reassigned the partition."""

    def __init__(self, consumer: KafkaConsumer, where: str, timeout_ms: int) -> None:
        self._consumer = consumer
        self._where = where
        self._timeout_ms = timeout_ms

    def poll(self, timeout_ms: int) -> list[Record]:
        """Up to MAX_POLL_RECORDS new records, as soon as there are any; none after `timeout_ms`."""
        with self._translated("poll"):
            fetched = self._consumer.poll(timeout_ms=timeout_ms)
        return [
            Record(one.topic, one.partition, one.offset, one.timestamp, one.key, one.value, tuple(one.headers))
            for records in fetched.values()
            for one in records
        ]

    def assignment(self) -> frozenset[Partition]:
        """What this consumer reads; a rebalance changes it at any time."""
        return frozenset((one.topic, one.partition) for one in self._consumer.assignment())

    def assign_whole(self, topic: str) -> None:
        """Read this topic's every partition from its first record; for a consumer without a group."""
        with self._translated(topic):
            partitions = self._consumer.partitions_for_topic(topic)
            if not partitions:
                raise StoreUnavailable(f"Kafka at {self._where}: {topic}: no such topic")
            assigned = [TopicPartition(topic, partition) for partition in partitions]
            self._consumer.assign(assigned)
            self._consumer.seek_to_beginning(*assigned)

    def seek(self, partition: Partition, offset: int) -> None:
        """Read this partition from `offset` on."""
        with self._translated("seek"):
            self._consumer.seek(TopicPartition(*partition), offset)

    def firsts(self, partitions: Collection[Partition]) -> Mapping[Partition, int]:
        """Offset of the first record that each partition still has."""
        with self._translated("first offsets"):
            firsts = self._consumer.beginning_offsets(_topic_partitions(partitions), self._timeout_ms)
        return {(one.topic, one.partition): first for one, first in firsts.items()}

    def firsts_since(self, partitions: Collection[Partition], since_ms: int) -> Mapping[Partition, int]:
        """Offset of the first record of each partition from then on; of the next one to come where it has none."""
        with self._translated("offsets by time"):
            times = dict.fromkeys(_topic_partitions(partitions), since_ms)
            found = self._consumer.offsets_for_times(times, self._timeout_ms)
        ends = self.ends(partitions)
        at = {(one.topic, one.partition): record for one, record in found.items()}
        return {partition: ends[partition] if at[partition] is None else at[partition].offset for partition in ends}

    def ends(self, partitions: Collection[Partition]) -> Mapping[Partition, int]:
        """Offset that each partition's next record will get."""
        with self._translated("end offsets"):
            ends = self._consumer.end_offsets(_topic_partitions(partitions), self._timeout_ms)
        return {(one.topic, one.partition): end for one, end in ends.items()}

    def committed(self, partition: Partition) -> int | None:
        """The group's committed offset, or None before its first commit."""
        with self._translated("committed offset"):
            offset: int | None = self._consumer.committed(TopicPartition(*partition), timeout_ms=self._timeout_ms)
        return offset

    def pause(self, partitions: Collection[Partition]) -> None:
        """Until `resume`, a poll keeps the membership alive without reading these."""
        with self._translated("pause"):
            self._consumer.pause(*_topic_partitions(partitions))

    def resume(self, partitions: Collection[Partition]) -> None:
        """Read these again."""
        with self._translated("resume"):
            self._consumer.resume(*_topic_partitions(partitions))

    def commit_soon(self, offsets: Mapping[Partition, int]) -> None:
        """Commit without waiting; one that fails is made good by the next."""
        with self._translated("commit"):
            self._consumer.commit_async(_offsets(offsets))

    def commit(self, offsets: Mapping[Partition, int]) -> None:
        """Commit and wait. Where the group has given a partition away meanwhile, its new member's word stands."""
        with self._translated("commit"), suppress(CommitFailedError):
            self._consumer.commit(_offsets(offsets), timeout_ms=self._timeout_ms)

    def close(self) -> None:
        """Leave the group and let go; calling it twice is fine."""
        with self._translated("close"):
            self._consumer.close(autocommit=False, timeout_ms=self._timeout_ms)

    @contextmanager
    def _translated(self, what: str) -> Iterator[None]:
        try:
            yield
        # ValueError and KeyError are how kafka-python says that a partition was reassigned a moment ago.
        except (KafkaError, ValueError, KeyError) as error:
            raise StoreUnavailable(f"Kafka at {self._where}: {what}: {error}") from error


def open_consumer(
    kafka: Kafka,
    group: str | None = None,
    topics: Sequence[str] = (),
    fetch_max_wait_ms: int = FETCH_MAX_WAIT_MS,
    fetch_min_bytes: int = 1,
) -> Consumer:
    """A member of `group` on `topics`, from the beginning where nothing is committed; or, without, see assign_whole.

    `fetch_max_wait_ms`: how long a fetch of less than `fetch_min_bytes` stays with the broker. It never commits by
    itself.
    Raises StoreUnavailable when no broker answers.
    """
    reach(kafka, kafka.request_timeout_ms)
    try:
        consumer = KafkaConsumer(
            *topics,
            bootstrap_servers=kafka.bootstrap.split(","),
            group_id=group,
            auto_offset_reset="earliest",
            enable_auto_commit=False,
            fetch_max_wait_ms=fetch_max_wait_ms,
            fetch_min_bytes=fetch_min_bytes,
            max_partition_fetch_bytes=2 * 1_048_576,
            max_poll_records=MAX_POLL_RECORDS,
            session_timeout_ms=SESSION_TIMEOUT_MS,
            request_timeout_ms=max(kafka.request_timeout_ms, SESSION_TIMEOUT_MS + 1_000),
            bootstrap_timeout_ms=kafka.request_timeout_ms,
            reconnect_backoff_max_ms=1_000,
            allow_auto_create_topics=False,
            metrics_enabled=False,
        )
    except KafkaError as error:
        raise StoreUnavailable(f"Kafka at {kafka.bootstrap}: {error}") from error
    return Consumer(consumer, kafka.bootstrap, kafka.request_timeout_ms)


def _offsets(offsets: Mapping[Partition, int]) -> dict[TopicPartition, OffsetAndMetadata]:
    return {TopicPartition(*partition): OffsetAndMetadata(offset, "", -1) for partition, offset in offsets.items()}


def _topic_partitions(partitions: Collection[Partition]) -> list[TopicPartition]:
    return [TopicPartition(*partition) for partition in partitions]
