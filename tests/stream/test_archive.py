"""The rejected records' query into Delta: what it reports of each batch, and its table as others read it."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest
from pyspark.sql import SparkSession

from headrace.domain.contract import REASONS
from headrace.settings import Paths, Settings
from headrace.stream.append import append_to_table
from headrace.stream.archive import rejected_rows
from headrace.stream.progress import figures
from headrace.stream.tables import create_tables
from headrace.watch.rejected import Choice, known, open_rejected, per_reason, with_bytes
from tests.stream.logs import RECORDS

pytestmark = pytest.mark.spark

AT = dt.datetime(2023, 11, 14, 22, 15, tzinfo=dt.UTC)
LARGE = bytes(range(256)) * 4_095  # just under 1 MiB
BATCHES = (
    [(b"{", "not_json"), (b"\xff", "not_utf8"), (b"}", "not_json")],
    [(LARGE, "too_large")] * 20,
)


def test_each_batch_reports_its_reasons_and_the_table_gives_every_byte_back(
    tuned: SparkSession, tmp_path: Path
) -> None:
    settings = Settings(paths=Paths(var=tmp_path))
    create_tables(tuned, {"rejected": settings.table("rejected")})
    reported, offset = [], 0
    for batch in BATCHES:
        rows = []
        for raw, reason in batch:
            told = {"src": f"1:0:{offset}", "src_ms": f"{1_700_000_000_000 + offset}", "reason": reason, "detail": "d"}
            headers = [{"key": name, "value": text.encode()} for name, text in told.items()]
            rows.append((told["src"].encode(), raw, headers, 0, offset, AT))
            offset += 1
        tuned.createDataFrame(rows, RECORDS).coalesce(1).write.mode("append").parquet(str(tmp_path / "in"))
        records = tuned.readStream.schema(RECORDS).parquet(str(tmp_path / "in"))
        query = append_to_table(rejected_rows(records), settings, "rejected-v1", "rejected", "0 seconds")
        query.processAllAvailable()
        batches = [figures(progress) for progress in query.recentProgress]
        query.stop()
        reported += [{r: n for r, n in each["reasons"].items() if n} for each in batches if each["rows"]]
    assert reported == [{"not_json": 2, "not_utf8": 1}, {"too_large": 20}]
    assert tuple(batches[-1]["reasons"]) == REASONS

    table = open_rejected(settings)
    everything = known(table, Choice())
    assert per_reason(everything) == {"too_large": 20, "not_json": 2, "not_utf8": 1}
    assert [record.raw for record in with_bytes(table, everything)] == [raw for batch in BATCHES for raw, _ in batch]
    (record,) = with_bytes(table, known(table, Choice(srcs=("1:0:7",))), at_most=4)
    assert (record.raw, record.size, record.src_ms) == (LARGE[:4], len(LARGE), 1_700_000_000_007)
