"""Rejected records, decisions, items and people from their topics to Delta, append only. Cassandra is for live."""

from __future__ import annotations

from typing import Final

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F
from pyspark.sql.streaming.query import StreamingQuery

from headrace.domain.contract import REASONS
from headrace.settings import Settings
from headrace.stream.append import append_to_table
from headrace.stream.clean import header, is_from_ingest, src_parts, utc_date
from headrace.stream.progress import REASONS_SEEN
from headrace.stream.records import topic_records
from headrace.stream.schemas import CATALOGUE, DECISIONS, REJECTED, USERS

ARCHIVED: Final = {
    "rejected-v1": ("events.rejected", "rejected"),
    "decisions-v1": ("decisions", "decisions"),
    "catalogue-v1": ("catalogue", "catalogue"),
    "users-v1": ("users", "users"),
}
"""Query → its topic and its table."""


def start_archive(spark: SparkSession, settings: Settings, query: str) -> StreamingQuery:
    """Start one of ARCHIVED."""
    topic, table = ARCHIVED[query]
    of_table = {"rejected": rejected_rows, "decisions": decision_rows, "catalogue": catalogue_rows, "users": user_rows}
    rows = of_table[table](topic_records(spark, settings, topic))
    return append_to_table(rows, settings, query, table, settings.spark.archive_trigger)


def rejected_rows(records: DataFrame) -> DataFrame:
    """Records of events.rejected (with headers) as rows of REJECTED; one that ingest did not write is left out.

    A query over them reports how many of each reason a batch had (REASONS_SEEN).
    """
    rows = records.select(
        header("src").alias("src"),
        header("src_ms").try_cast("long").alias("src_ms"),
        header("reason").alias("reason"),
        header("detail").alias("detail"),
        F.col("value").alias("raw"),
        F.col("partition").cast("long").alias("rejected_partition"),
        F.col("offset").alias("rejected_offset"),
    )
    dated = rows.select("*", utc_date(F.col("src_ms")).alias("rejected_date"), *src_parts(F.col("src")))
    counts = [F.count_if(F.col("reason") == reason).alias(reason) for reason in REASONS]
    return dated.where(is_from_ingest()).observe(REASONS_SEEN, *counts).select(*REJECTED.names)


def decision_rows(records: DataFrame) -> DataFrame:
    """Records of the decisions topic as rows of DECISIONS."""
    rows = records.select(
        F.col("key").cast("string").alias("request_id"),
        F.col("value").alias("record"),
        F.unix_millis("timestamp").alias("decided_ms"),
    )
    return rows.withColumn("decision_date", utc_date(F.col("decided_ms"))).select(*DECISIONS.names)


def catalogue_rows(records: DataFrame) -> DataFrame:
    """Records of the catalogue topic as rows of CATALOGUE; a tombstone has a null value."""
    return _upserts(records, "item_id", "catalogue").select(*CATALOGUE.names)


def user_rows(records: DataFrame) -> DataFrame:
    """Records of the users topic as rows of USERS; a tombstone has a null value."""
    return _upserts(records, "user_id", "users").select(*USERS.names)


def _upserts(records: DataFrame, key: str, topic: str) -> DataFrame:
    return records.select(
        F.col("key").cast("string").alias(key),
        F.col("value").cast("string").alias("value"),
        F.col("partition").cast("long").alias(f"{topic}_partition"),
        F.col("offset").alias(f"{topic}_offset"),
        F.unix_millis("timestamp").alias("changed_ms"),
    )
