"""Topics and thin clients of Kafka. Not here: what is in the records (domain), what is done with them (services)."""

from headrace.stores.kafka.consumer import Consumer, Partition, Record, open_consumer
from headrace.stores.kafka.log import KafkaLog
from headrace.stores.kafka.producer import Outgoing, close_producer, open_producer, send_all
from headrace.stores.kafka.topics import create_topics

__all__ = [
    "Consumer",
    "KafkaLog",
    "Outgoing",
    "Partition",
    "Record",
    "close_producer",
    "create_topics",
    "open_consumer",
    "open_producer",
    "send_all",
]
