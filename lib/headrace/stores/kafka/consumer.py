"""Records of topics, in order per partition, with kafka-python's errors translated. What they mean: not here.

For one thread: kafka-python's consumer is not thread-safe.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
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

# A fetch answers as soon as there is a record, but a partition whose records were just handed out waits until the
# fetch under way for the others returns: at the default of 500 ms that was half of a quiet stream's latency.
FETCH_MAX_WAIT_MS: Final = 10
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
    """Every call raises StoreUnavailable when the broker does not answer."""

    def __init__(self, consumer: KafkaConsumer, where: str, timeout_ms: int) -> None:
        self._consumer = consumer
        self._where = where
        self._timeout_ms = timeout_ms

    def poll(self, timeout_ms: int) -> list[Record]:
        """Up to MAX_POLL_RECORDS new records, as soon as there are any; none after `timeout_ms`."""
        try:
            fetched = self._consumer.poll(timeout_ms=timeout_ms)
        except KafkaError as error:
            raise self._unavailable("poll", error) from error
        return [
            Record(one.topic, one.partition, one.offset, one.timestamp, one.key, one.value, tuple(one.headers))
            for records in fetched.values()
            for one in records
        ]

    def assignment(self) -> frozenset[Partition]:
        return frozenset((one.topic, one.partition) for one in self._consumer.assignment())

    def assign_whole(self, topic: str) -> None:
        """Read this topic's every partition from its beginning; for a consumer without a group."""
        try:
            partitions = self._consumer.partitions_for_topic(topic)
            if not partitions:
                raise StoreUnavailable(f"Kafka at {self._where}: {topic}: no such topic")
            assigned = [TopicPartition(topic, partition) for partition in partitions]
            self._consumer.assign(assigned)
            self._consumer.seek_to_beginning(*assigned)
        except KafkaError as error:
            raise self._unavailable(topic, error) from error

    def seek(self, partition: Partition, offset: int) -> None:
        self._consumer.seek(TopicPartition(*partition), offset)

    def position(self, partition: Partition) -> int | None:
        """Offset of the next record to be read, or None while the broker has not said."""
        try:
            position: int | None = self._consumer.position(TopicPartition(*partition), timeout_ms=self._timeout_ms)
        except KafkaError as error:
            raise self._unavailable("position", error) from error
        return position

    def ends(self, partitions: Collection[Partition]) -> Mapping[Partition, int]:
        """Offset that each partition's next record will get."""
        try:
            ends = self._consumer.end_offsets([TopicPartition(*one) for one in partitions], self._timeout_ms)
        except KafkaError as error:
            raise self._unavailable("end offsets", error) from error
        return {(one.topic, one.partition): end for one, end in ends.items()}

    def committed(self, partition: Partition) -> int | None:
        """The group's committed offset, or None before its first commit."""
        try:
            committed: int | None = self._consumer.committed(TopicPartition(*partition), timeout_ms=self._timeout_ms)
        except KafkaError as error:
            raise self._unavailable("committed offset", error) from error
        return committed

    def pause(self, partitions: Collection[Partition]) -> None:
        """Until `resume`, a poll keeps the membership alive without reading these."""
        self._consumer.pause(*[TopicPartition(*one) for one in partitions])

    def resume(self, partitions: Collection[Partition]) -> None:
        self._consumer.resume(*[TopicPartition(*one) for one in partitions])

    def commit_soon(self, offsets: Mapping[Partition, int]) -> None:
        """Commit without waiting; one that fails is made good by the next."""
        self._consumer.commit_async(_offsets(offsets))

    def commit(self, offsets: Mapping[Partition, int]) -> bool:
        """Commit and wait; False when the group has given these partitions to another member."""
        try:
            self._consumer.commit(_offsets(offsets), timeout_ms=self._timeout_ms)
        except CommitFailedError:
            return False
        except KafkaError as error:
            raise self._unavailable("commit", error) from error
        return True

    def close(self) -> None:
        """Leave the group and let go; calling it twice is fine."""
        self._consumer.close(autocommit=False, timeout_ms=self._timeout_ms)

    def _unavailable(self, what: str, error: KafkaError) -> StoreUnavailable:
        return StoreUnavailable(f"Kafka at {self._where}: {what}: {error}")


def open_consumer(kafka: Kafka, group: str | None = None, topics: Sequence[str] = ()) -> Consumer:
    """A member of `group` on `topics`, from the beginning where nothing is committed; or, without, see assign_whole.

    Raises StoreUnavailable when no broker answers. It never commits by itself.
    """
    reach(kafka, kafka.request_timeout_ms)
    try:
        consumer = KafkaConsumer(
            *topics,
            bootstrap_servers=kafka.bootstrap.split(","),
            group_id=group,
            auto_offset_reset="earliest",
            enable_auto_commit=False,
            fetch_max_wait_ms=FETCH_MAX_WAIT_MS,
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
