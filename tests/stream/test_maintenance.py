"""Upkeep takes old rows and small files away; what runs meanwhile, and what was read before, does not notice."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest
from delta.tables import DeltaTable
from pyspark.sql import SparkSession

from headrace.stream.maintenance import CROWDED, crowded_partitions, maintain_table
from headrace.stream.retention import DAY_MS, kept_from_ms, too_old
from headrace.stream.schemas import REJECTED
from headrace.stream.tables import create_tables


def test_only_partitions_with_many_files_are_compacted() -> None:
    days = {"2026-01-01": 1, "2026-01-02": CROWDED - 1, "2026-01-03": CROWDED, "__HIVE_DEFAULT_PARTITION__": CROWDED}
    files = [f"file:/lake/events/day={day}/part-{n}.parquet" for day, count in days.items() for n in range(count)]
    assert crowded_partitions(files) == ("day = '2026-01-03'", "day IS NULL")


def test_a_table_without_partitions_is_compacted_whole() -> None:
    assert crowded_partitions([f"file:/lake/catalogue/part-{n}.parquet" for n in range(CROWDED)]) == ("",)


@pytest.mark.spark
def test_old_days_go_crowded_ones_shrink_and_a_stream_reads_on(tuned: SparkSession, tmp_path: Path) -> None:
    path, now_ms = str(tmp_path / "rejected"), 100 * DAY_MS + 1

    def append(day: int, came_ms: int, *offsets: int) -> None:
        """A file for each offset."""
        date = dt.date(1970, 1, 1) + dt.timedelta(days=day)
        known = {"rejected_date": date, "src_ms": came_ms}
        rows = [dict.fromkeys(REJECTED.names) | known | {"raw_offset": offset} for offset in offsets]
        files = tuned.createDataFrame(rows, REJECTED).coalesce(1).repartition(len(rows))
        files.write.format("delta").mode("append").save(path)

    def new_rows() -> list[int]:
        found: list[int] = []
        query = (
            tuned.readStream.format("delta").option("skipChangeCommits", "true").load(path)
            .writeStream.option("checkpointLocation", str(tmp_path / "reader"))
            .foreachBatch(lambda batch, _: found.extend(row.raw_offset for row in batch.collect()))
            .trigger(availableNow=True)
            .start()
        )  # fmt: skip
        query.awaitTermination()
        return sorted(found)

    create_tables(tuned, {"rejected": path})
    append(69, 69 * DAY_MS, 0)  # both its day and its coming are over
    append(69, 99 * DAY_MS, 1)  # happened long ago, came yesterday
    append(70, 70 * DAY_MS, 2)  # the oldest day that is kept
    append(99, 99 * DAY_MS, *range(3, 3 + CROWDED))
    assert new_rows() == list(range(3 + CROWDED))
    old = too_old(REJECTED.names, "rejected_date", kept_from_ms(now_ms, 30))
    upkeep = maintain_table(tuned, "rejected", path, old)
    assert upkeep is not None
    assert (upkeep.rows_deleted, upkeep.files_before, upkeep.files_after) == (1, 3 + CROWDED, 3)
    append(99, 99 * DAY_MS, 100)
    assert new_rows() == [100]
    kept = tuned.read.format("delta").load(path).sort("raw_offset")
    assert [row.raw_offset for row in kept.collect()] == [*range(1, 3 + CROWDED), 100]
    version = DeltaTable.forPath(tuned, path).history(1).first()["version"]
    again = maintain_table(tuned, "rejected", path, old)
    assert again is not None
    assert (again.rows_deleted, again.files_after) == (0, 4)
    writes = DeltaTable.forPath(tuned, path).history().where(f"version > {version} AND operation NOT LIKE 'VACUUM%'")
    assert writes.count() == 0


@pytest.mark.spark
def test_without_a_table_there_is_nothing_to_keep_up(spark: SparkSession, tmp_path: Path) -> None:
    assert maintain_table(spark, "events", str(tmp_path / "none")) is None
