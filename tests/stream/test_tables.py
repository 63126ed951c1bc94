from __future__ import annotations

import pytest
from delta.tables import DeltaTable
from deltalake import DeltaTable as Independent

from headrace.settings import Paths, Settings
from headrace.stream.append import append_to_table
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
