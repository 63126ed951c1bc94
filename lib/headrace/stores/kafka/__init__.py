"""Topics and thin clients of Kafka. Not here: what is in the records (domain), what is done with them (services)."""

from headrace.stores.kafka.topics import create_topics

__all__ = ["create_topics"]
