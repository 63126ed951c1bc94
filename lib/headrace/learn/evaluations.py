"""The Delta table of verdicts: one row for each model that was judged, published or not. Append only."""

from __future__ import annotations

import json
from datetime import UTC, datetime

from delta.tables import DeltaTable
from pyspark.sql import SparkSession
from pyspark.sql.types import BooleanType, DateType, LongType, StringType, StructField, StructType

from headrace.learn.gate import Verdict
from headrace.stores.manifest import Origin

TABLE = "evaluations"
"""The table's name in the lake."""

EVALUATIONS = StructType(
    [
        StructField("clock_date", DateType(), False),
        StructField("version", StringType(), False),
        StructField("clock_ms", LongType(), False),
        StructField("delta_version", LongType(), False),
        StructField("interval_end_ms", LongType(), True),
        StructField("published", BooleanType(), False),
        StructField("passed", BooleanType(), False),
        StructField("reason", StringType(), False),
        StructField("verdict", StringType(), False),
    ]
)
"""clock_date: UTC date of clock_ms, the partition. verdict: the whole verdict as JSON, its numbers included."""

COMMENT = "Every model that was judged: its numbers, the verdict, whether it was published"
RETENTION = "interval 30 days"


def record_verdict(spark: SparkSession, path: str, version: str, origin: Origin, verdict: Verdict) -> None:
    """Append one row; the table is made on first use. A re-run appends again: the newest row of a version holds."""
    (
        DeltaTable.createIfNotExists(spark)
        .location(path)
        .addColumns(EVALUATIONS)
        .comment(COMMENT)
        .partitionedBy("clock_date")
        .property("delta.deletedFileRetentionDuration", RETENTION)
        .execute()
    )
    row = (
        datetime.fromtimestamp(origin.clock_ms / 1000, UTC).date(),
        version,
        origin.clock_ms,
        origin.delta_version,
        origin.interval_end_ms,
        verdict.publish,
        verdict.passed,
        verdict.reason,
        json.dumps(verdict.as_json(), sort_keys=True),
    )
    spark.createDataFrame([row], EVALUATIONS).write.format("delta").mode("append").save(path)
