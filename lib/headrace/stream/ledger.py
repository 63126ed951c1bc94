"""The ledger query: every record of events.clean, late and redelivered ones too, appended to Delta `events`."""

from __future__ import annotations

from typing import Final

from pyspark.sql import SparkSession
from pyspark.sql.streaming.query import StreamingQuery

from headrace.settings import Settings
from headrace.stream.append import append_to_table
from headrace.stream.clean import clean_events
from headrace.stream.records import topic_records

LEDGER: Final = "ledger-v1"


def start_ledger(spark: SparkSession, settings: Settings) -> StreamingQuery:
    events = clean_events(topic_records(spark, settings, "events.clean"))
    return append_to_table(events, settings, LEDGER, "events", settings.spark.ledger_trigger)
