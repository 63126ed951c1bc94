"""A query of the finals that begins on a ledger which is there already may leave something out, and says so."""

from __future__ import annotations

from pathlib import Path

import pytest
from pyspark.sql import SparkSession
from pyspark.sql import functions as F

from headrace.settings import Paths, Settings
from headrace.stream.clean import utc_date
from headrace.stream.finals import WINDOWS, rebuild_warning, warn_of_rebuild
from headrace.stream.tables import create_tables

HOUR = 3_600_000


def test_a_ledger_no_longer_than_the_horizon_is_read_whole_in_any_order() -> None:
    assert rebuild_warning("windows-v2", 7 * HOUR, 9 * HOUR, 2 * HOUR) is None


def test_what_may_be_missing_of_a_longer_one_is_named() -> None:
    said = rebuild_warning("windows-v2", 7 * HOUR - 1, 9 * HOUR, 2 * HOUR)
    assert said is not None
    assert said.startswith("windows-v2 begins anew")
    assert "between 1970-01-01 06:59 and 1970-01-01 07:00 UTC" in said


@pytest.mark.spark
def test_only_a_first_start_on_an_old_ledger_warns(
    tuned: SparkSession, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    settings = Settings(paths=Paths(var=tmp_path))
    path = settings.table("events")
    create_tables(tuned, {"events": path})
    warn_of_rebuild(tuned, settings, WINDOWS)
    assert caplog.text == ""  # as in every new world: nothing is there yet
    rows = tuned.createDataFrame([(0, False), (9 * HOUR, False)], "occurred_at long, late boolean")
    rows.withColumn("event_date", utc_date(F.col("occurred_at"))).write.format("delta").mode("append").save(path)
    warn_of_rebuild(tuned, settings, WINDOWS)
    assert "windows-v2 begins anew on a ledger that is not: whatever occurred between 1970-01-01 00:00" in caplog.text
    caplog.clear()
    planned = Path(settings.checkpoint(WINDOWS), "offsets", "0")
    planned.parent.mkdir(parents=True)
    warn_of_rebuild(tuned, settings, WINDOWS)
    assert caplog.text != ""  # it died before its first batch
    caplog.clear()
    planned.touch()
    warn_of_rebuild(tuned, settings, WINDOWS)
    assert caplog.text == ""
