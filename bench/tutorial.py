"""The peer of `bench stream`, a Spark program of its own: three window queries as tutorials write them.

5 minutes, 1 hour sliding every 5 minutes and 1 day, per person and category, each a query with a watermark and a
foreachBatch that collects the batch to the driver, inserts row by row with cassandra-driver and appends it to Delta.
No deduplication. Kinder than most: the batch is kept, not computed twice, and the statement is prepared.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from cassandra.cluster import Session
from pyspark.sql import Column, DataFrame, SparkSession
from pyspark.sql import functions as F
from pyspark.sql.streaming.query import StreamingQuery

from bench.scratch import session
from headrace.errors import PartFailed
from headrace.program import arguments, open_settings, run
from headrace.settings import Settings
from headrace.stream.attend import told_to_stop
from headrace.stream.progress import figures, write_progress
from headrace.stream.records import topic_records
from headrace.stream.schemas import CLEAN

WINDOWS: Final[dict[str, Callable[[], Column]]] = {
    "five_minutes": lambda: F.window("occurred", "5 minutes"),
    "sliding_hour": lambda: F.window("occurred", "1 hour", "5 minutes"),
    "day": lambda: F.window("occurred", "1 day"),
}
COLUMNS: Final = ("person", "starts", "category", "events", "purchases", "spent_minor")
TABLE: Final = (
    "CREATE TABLE IF NOT EXISTS {keyspace}.{table} (person text, starts timestamp, category text, events bigint,"
    " purchases bigint, spent_minor bigint, PRIMARY KEY (person, starts, category))"
)
LOOK_S: Final = 0.5


def window_totals(records: DataFrame, window: Column) -> DataFrame:
    """Events of each person and category in each window, as COLUMNS."""
    event = F.from_json(F.col("value").cast("string"), CLEAN)
    events = records.select(event.alias("event")).select("event.*")
    timed = events.withColumn("occurred", F.timestamp_millis("occurred_at")).withWatermark("occurred", "10 minutes")
    is_purchase = F.col("kind") == "purchase"
    totals = timed.groupBy(window.alias("window"), "person", "category").agg(
        F.count("*").alias("events"),
        F.count(F.when(is_purchase, 1)).alias("purchases"),
        F.coalesce(F.sum(F.when(is_purchase, F.col("price_minor"))), F.lit(0)).alias("spent_minor"),
    )
    return totals.withColumn("starts", F.col("window.start")).select(*COLUMNS)


def start_windows(
    spark: SparkSession, settings: Settings, cassandra: Session, name: str, length: str
) -> StreamingQuery:
    """Start one of the three, with tables of its own."""
    table = f"{name}_{length}"
    cassandra.execute(TABLE.format(keyspace=settings.keyspace, table=table))
    places = ", ".join("?" for _ in COLUMNS)
    insert = cassandra.prepare(f"INSERT INTO {settings.keyspace}.{table} ({', '.join(COLUMNS)}) VALUES ({places})")

    def write(batch: DataFrame, _batch_id: int) -> None:
        batch.persist()
        try:
            for row in batch.collect():
                cassandra.execute(insert, tuple(row))
            batch.write.format("delta").mode("append").save(settings.table(table))
        finally:
            batch.unpersist()

    return (
        window_totals(topic_records(spark, settings, "events.clean"), WINDOWS[length]())
        .writeStream.queryName(f"{name}_{length}")
        .outputMode("update")
        .option("checkpointLocation", settings.checkpoint(f"{name}-{length}"))
        .foreachBatch(write)
        .start()
    )


def main() -> None:
    parser = arguments(__doc__)
    parser.add_argument("--name", required=True, help="of its tables, checkpoints and progress file")
    flags = parser.parse_args()
    settings, name = open_settings(flags), flags.name
    with SparkSession.builder.getOrCreate() as spark, told_to_stop() as stopping, session(settings) as cassandra:
        queries = [start_windows(spark, settings, cassandra, name, length) for length in WINDOWS]
        while not stopping.wait(LOOK_S):
            if dead := [query.name for query in queries if not query.isActive]:
                raise PartFailed(f"query {', '.join(map(str, dead))} died")
            write_progress(settings, name, {str(query.name): figures(query.lastProgress) for query in queries})


if __name__ == "__main__":
    run(main)
