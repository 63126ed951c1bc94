"""Topics as streams of records. No parsing."""

from __future__ import annotations

from typing import Final

from pyspark.sql import DataFrame, SparkSession

from headrace.settings import Settings

# With Kafka's 500 a batch of 700 was two fetches, and Spark asks for the topic's two ends after each.
_POLL_RECORDS: Final = 10_000


def topic_records(spark: SparkSession, settings: Settings, topic: str) -> DataFrame:
    """Every record of one of this world's topics from its beginning, at most so many a batch, with headers.

    Records that the broker has already deleted fail the query: going on would lose them in silence.
    """
    return (
        spark.readStream.format("kafka")
        .option("kafka.bootstrap.servers", settings.kafka.bootstrap)
        .option("subscribe", settings.topic(topic))
        .option("startingOffsets", "earliest")
        .option("includeHeaders", "true")
        .option("kafka.max.poll.records", _POLL_RECORDS)
        .option("maxOffsetsPerTrigger", settings.spark.max_offsets_per_trigger)
        .load()
    )
