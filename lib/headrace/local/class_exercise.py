"""A run through what the jobs use of Spark, for the archive of its classes: as it ends, Java writes what it has loaded.

It reads Kafka, and writes tables and state of its own only. class_archiving.py submits it.
"""

import tempfile
from collections.abc import Iterator
from typing import Any, Final

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from headrace.program import arguments, open_settings, run
from headrace.settings import Settings

_ROWS: Final = (
    "id",
    "id % 7 AS part",
    "from_json(concat('{\"text\": ', id, '}'), 'text STRING').text AS text",
    "timestamp_seconds(1700000000 + id * 60) AS at",
)


def main() -> None:
    settings = open_settings(arguments(__doc__).parse_args())
    with SparkSession.builder.getOrCreate() as spark, tempfile.TemporaryDirectory() as folder:
        _read_topic(spark, settings)
        spark.range(1_000).selectExpr(*_ROWS).write.format("delta").partitionBy("part").save(f"{folder}/rows")
        _count(spark, folder)
        _append(spark, folder)


def _read_topic(spark: SparkSession, settings: Settings) -> None:
    topic = settings.topic("events.clean")
    records = spark.read.format("kafka").option("kafka.bootstrap.servers", settings.kafka.bootstrap)
    records.option("subscribe", topic).option("endingOffsets", "latest").load().count()


def _count(spark: SparkSession, folder: str) -> None:
    """As hot does: deduplicated, in totals, by way of Python."""

    def collect(batch: DataFrame, _batch_id: int) -> None:
        batch.mapInArrow(_same, batch.schema).collect()

    totals = _rows(spark, folder).dropDuplicates(["id", "at"]).groupBy("part").agg(F.max("id"), F.count("text"))
    writer = totals.writeStream.outputMode("update").option("checkpointLocation", f"{folder}/count")
    writer.trigger(availableNow=True).foreachBatch(collect).start().awaitTermination()


def _append(spark: SparkSession, folder: str) -> None:
    """As ledger and finals do: what a watermark closed, to Delta."""
    closed = _rows(spark, folder).groupBy("part", F.session_window("at", "30 minutes")).agg(F.count("*").alias("rows"))
    writer = closed.select("part", "rows").writeStream.format("delta").option("checkpointLocation", f"{folder}/append")
    writer.trigger(availableNow=True).start(f"{folder}/closed").awaitTermination()


def _rows(spark: SparkSession, folder: str) -> DataFrame:
    return spark.readStream.format("delta").load(f"{folder}/rows").withWatermark("at", "1 minute")


def _same(batches: Iterator[Any]) -> Iterator[Any]:
    return batches


if __name__ == "__main__":
    run(main)
