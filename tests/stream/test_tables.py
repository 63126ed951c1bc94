from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest
from delta.tables import DeltaTable
from deltalake import DeltaTable as Independent

from headrace.errors import TableFilled
from headrace.settings import Paths, Settings
from headrace.stream.append import append_to_table
from headrace.stream.archive import catalogue_rows
from headrace.stream.clean import clean_events
from headrace.stream.tables import TABLES, create_tables
from tests.stream.logs import RECORDS, random_log, write_records

pytestmark = pytest.mark.spark


def test_a_table_is_made_once_with_its_schema_comment_partition_and_retention(tuned, tmp_path):
    path = str(tmp_path / "events")
    create_tables(tuned, {"events": path})
    create_tables(tuned, {"events": path})
    detail = DeltaTable.forPath(tuned, path).detail().first()
    assert (detail.description, detail.partitionColumns) == (TABLES["events"].comment, ["event_date"])
    assert detail.properties["delta.deletedFileRetentionDuration"] == "interval 3 days"
    table = Independent(path)
    assert table.version() == 0
    assert [(f.name, f.metadata["comment"]) for f in table.schema().fields] == [
        (f.name, f.metadata["comment"]) for f in TABLES["events"].schema
    ]


def test_every_clean_record_is_appended_once_though_the_query_is_stopped_and_goes_on(tuned, tmp_path):
    settings = Settings(paths=Paths(var=tmp_path))
    create_tables(tuned, {"events": settings.table("events")})
    log = random_log(8, length=60)
    write_records(log, tmp_path / "in", 3)
    for _ in range(2):
        source = tuned.readStream.schema(RECORDS).option("maxFilesPerTrigger", 1).parquet(str(tmp_path / "in"))
        query = append_to_table(clean_events(source), settings, "ledger-v1", "events", "0 seconds")
        query.processAllAvailable()
        query.stop()
    assert query.name == "ledger"
    rows = Independent(settings.table("events")).to_pyarrow_table(columns=["src", "late", "clean_offset"]).to_pylist()
    assert sorted((row["clean_offset"], row["src"], row["late"]) for row in rows) == [
        (offset, record.src, record.event.late) for offset, record in enumerate(log)
    ]


def test_a_query_that_lost_its_checkpoint_does_not_fill_its_table_a_second_time(tuned, tmp_path):
    settings = Settings(paths=Paths(var=tmp_path))
    folder, checkpoint = Path(settings.table("events")), Path(settings.checkpoint("ledger-v1"))
    log = random_log(8, length=20)
    write_records(log, tmp_path / "in", 1)

    def appended() -> list[str]:
        create_tables(tuned, {"events": str(folder)})
        source = tuned.readStream.schema(RECORDS).parquet(str(tmp_path / "in"))
        query = append_to_table(clean_events(source), settings, "ledger-v1", "events", "0 seconds")
        query.processAllAvailable()
        query.stop()
        return sorted(Independent(str(folder)).to_pyarrow_table(columns=["src"])["src"].to_pylist())

    once = sorted(record.src for record in log)
    assert appended() == once
    checkpoint.rename(tmp_path / "lost")
    with pytest.raises(TableFilled, match=f"^ledger-v1 .*table events has rows.*move the folder {folder} away") as said:
        appended()
    assert "\n" not in str(said.value)
    (tmp_path / "lost").rename(checkpoint)  # one way out
    assert appended() == once
    checkpoint.rename(tmp_path / "lost")
    folder.rename(tmp_path / "moved")  # the other
    assert appended() == once


def test_changes_of_the_catalogue_may_come_again(tuned, tmp_path):
    settings = Settings(paths=Paths(var=tmp_path))
    create_tables(tuned, {"catalogue": settings.table("catalogue")})
    change = (b"i1", b"{}", [], 0, 7, dt.datetime(2026, 1, 1, tzinfo=dt.UTC))
    tuned.createDataFrame([change], RECORDS).write.parquet(str(tmp_path / "in"))
    for times in (1, 2):
        records = tuned.readStream.schema(RECORDS).parquet(str(tmp_path / "in"))
        query = append_to_table(catalogue_rows(records), settings, "catalogue-v1", "catalogue", "0 seconds")
        query.processAllAvailable()
        query.stop()
        offsets = tuned.read.format("delta").load(settings.table("catalogue")).select("catalogue_offset").collect()
        assert offsets == [(7,)] * times
        Path(settings.checkpoint("catalogue-v1")).rename(tmp_path / f"lost-{times}")
