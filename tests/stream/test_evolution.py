"""A table or a checkpoint of an older version goes on with the new one, or is refused with the way out."""

from __future__ import annotations

import contextlib
from pathlib import Path

import pytest
from delta.tables import DeltaTable
from pyspark.errors import StreamingQueryException
from pyspark.sql import SparkSession
from pyspark.sql import functions as F
from pyspark.sql.types import LongType, StringType, StructField, StructType

from headrace.errors import SchemaMismatch
from headrace.settings import Paths, Settings
from headrace.stream.append import append_to_table
from headrace.stream.clean import clean_events
from headrace.stream.evolution import add_new_columns, new_columns, refused_state
from headrace.stream.ledger import LEDGER
from headrace.stream.schemas import EVENTS
from headrace.stream.tables import create_tables
from tests.stream.logs import RECORDS, random_log, write_records

A, B = StructField("a", LongType()), StructField("b", StringType(), True, {"comment": "it's new"})


def test_columns_that_the_table_lacks_are_new_in_their_order() -> None:
    assert new_columns("t", "/lake/t", StructType([A]), StructType([B, A])) == (B,)


def test_a_column_that_this_version_does_not_know_is_left_alone() -> None:
    assert new_columns("t", "/lake/t", StructType([A, B]), StructType([A])) == ()


def test_a_changed_type_is_refused_with_table_column_both_types_and_the_way_out() -> None:
    with pytest.raises(SchemaMismatch) as refused:
        new_columns("t", "/lake/t", StructType([StructField("a", StringType())]), StructType([A]))
    said = str(refused.value)
    assert said.startswith("table t: column a is string there and bigint in this version: run the version that made it")
    assert "move the folder /lake/t away" in said
    assert "\n" not in said


def test_only_errors_about_state_of_another_version_are_explained() -> None:
    assert refused_state("hot-v1", "[TASK_WRITE_FAILED] disk full", "main") is None
    said = refused_state("hot-v1", "Caused by: [STATE_STORE_KEY_SCHEMA_NOT_COMPATIBLE] Provided key …", "demo")
    assert said is not None
    assert said.startswith("hot-v1: its checkpoint holds state of another version")
    assert said.endswith("headrace up --world demo --forget hot-v1")


@pytest.mark.spark
def test_a_ledger_of_an_older_version_gets_the_new_columns_and_its_streams_go_on(
    tuned: SparkSession, tmp_path: Path
) -> None:
    settings = Settings(paths=Paths(var=tmp_path))
    path, older = settings.table("events"), StructType([c for c in EVENTS if c.name not in ("original", "clean_ms")])
    DeltaTable.create(tuned).location(path).addColumns(older).partitionedBy("event_date").execute()
    tuned.sql(f"ALTER TABLE delta.`{path}` ADD COLUMNS (later string)")  # of a version that came and went
    log = random_log(3, length=20)
    n = len(log)
    write_records(log, tmp_path / "in" / "then", 1)
    write_records(log, tmp_path / "new", 1)
    source = tuned.readStream.schema(RECORDS).option("recursiveFileLookup", True).parquet(str(tmp_path / "in"))
    then = clean_events(source).select(*older.names).writeStream.format("delta").partitionBy("event_date")
    then.option("checkpointLocation", settings.checkpoint(LEDGER)).trigger(availableNow=True)
    then.start(path).awaitTermination()
    assert _read_on(tuned, path, tmp_path) == n

    create_tables(tuned, {"events": path})
    create_tables(tuned, {"events": path})
    assert DeltaTable.forPath(tuned, path).history().where("operation = 'ADD COLUMNS'").count() == 2
    found = tuned.read.format("delta").load(path).schema
    assert found.names == [*older.names, "later", "original", "clean_ms"]
    assert found["clean_ms"].metadata == EVENTS["clean_ms"].metadata
    properties = DeltaTable.forPath(tuned, path).detail().first()["properties"]
    assert properties["delta.logRetentionDuration"] == "interval 3 days"
    (tmp_path / "new").rename(tmp_path / "in" / "now")
    query = append_to_table(clean_events(source), settings, LEDGER, "events", "0 seconds")
    query.processAllAvailable()
    query.stop()
    rows = tuned.read.format("delta").load(path)
    assert (rows.count(), rows.where("clean_ms IS NULL").count(), rows.where("later IS NULL").count()) == (
        2 * n,
        n,
        2 * n,
    )
    assert _read_on(tuned, path, tmp_path) == n  # what came since, from the checkpoint of before

    with pytest.raises(SchemaMismatch, match="partitioned by event_date, this version writes it by nothing"):
        add_new_columns(tuned, "events", path, EVENTS)


def _read_on(spark: SparkSession, path: str, folder: Path) -> int:
    """Rows that a stream over the table finds new, as the finals read it."""
    rows = []
    source = spark.readStream.format("delta").option("skipChangeCommits", "true").load(path)
    query = (
        source.writeStream.option("checkpointLocation", str(folder / "reader"))
        .foreachBatch(lambda batch, _: rows.append(batch.count()))
        .trigger(availableNow=True)
        .start()
    )
    query.awaitTermination()
    return sum(rows)


@pytest.mark.spark
def test_state_of_another_version_becomes_one_line_with_the_way_out(tuned: SparkSession, tmp_path: Path) -> None:
    def begin(amount: str) -> str:
        numbers = tuned.readStream.format("rate-micro-batch").option("rowsPerBatch", 5).load()
        sums = numbers.groupBy((F.col("value") % 2).alias("key")).agg(F.sum(F.col("value").cast(amount)))
        query = (
            sums.writeStream.format("noop")
            .outputMode("update")
            .option("checkpointLocation", str(tmp_path / "checkpoint"))
            .trigger(processingTime="0 seconds")
            .start()
        )
        with contextlib.suppress(StreamingQueryException):  # what it says is looked at below
            while query.isActive and query.lastProgress is None:
                query.awaitTermination(1)
        query.stop()
        return str(query.exception())

    assert begin("long") == "None"
    said = refused_state("windows-v1", begin("string"), "main")
    assert said is not None
    assert said.endswith("headrace up --world main --forget windows-v1")
