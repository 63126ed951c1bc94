"""How many partitions a topic has at this moment. It makes and changes none."""

from __future__ import annotations

from kafka import KafkaAdminClient
from kafka.errors import KafkaError

from headrace.errors import StoreUnavailable
from headrace.settings import Kafka


def count_partitions(kafka: Kafka, topic: str) -> int:
    """0 for a topic that does not exist. Raises StoreUnavailable when no broker answers."""
    try:
        admin = KafkaAdminClient(
            bootstrap_servers=kafka.bootstrap.split(","),
            bootstrap_timeout_ms=kafka.request_timeout_ms,
            request_timeout_ms=kafka.request_timeout_ms,
        )
        try:
            return len(admin.describe_topics([topic])[0]["partitions"])
        finally:
            admin.close()
    except KafkaError as error:
        raise StoreUnavailable(f"Kafka at {kafka.bootstrap}: {topic}: {error}") from error
