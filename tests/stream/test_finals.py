"""What the finals say of themselves: that a start on an old ledger may leave something out, and how far they are."""

from __future__ import annotations

from pathlib import Path

import pytest
from pyspark.sql import SparkSession
from pyspark.sql import functions as F

from headrace.domain.panes import PANE_MS
from headrace.settings import Paths, Settings, Spark
from headrace.stream.checkpoint import done_watermark_ms
from headrace.stream.clean import clean_events, utc_date
from headrace.stream.finals import WINDOWS, rebuild_warning, start_windows, warn_of_rebuild
from headrace.stream.progress import Figure, write_progress
from headrace.stream.queries import progress_of
from headrace.stream.tables import create_tables
from headrace.watch.finals import Finals, finals
from tests.conftest import wait_for
from tests.stream.logs import HORIZON_MS, RECORDS, START, event, write_records
from tests.stream.oracle import Record

HOUR = 3_600_000


def test_a_ledger_no_longer_than_the_horizon_is_read_whole_in_any_order() -> None:
    assert rebuild_warning("windows-v3", 7 * HOUR, 9 * HOUR, 2 * HOUR) is None


def test_what_may_be_missing_of_a_longer_one_is_named() -> None:
    said = rebuild_warning("windows-v3", 7 * HOUR - 1, 9 * HOUR, 2 * HOUR)
    assert said is not None
    assert said.startswith("windows-v3 begins anew")
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
    assert "windows-v3 begins anew on a ledger that is not: whatever occurred between 1970-01-01 00:00" in caplog.text
    caplog.clear()
    planned = Path(settings.checkpoint(WINDOWS), "offsets", "0")
    planned.parent.mkdir(parents=True)
    warn_of_rebuild(tuned, settings, WINDOWS)
    assert caplog.text != ""  # it died before its first batch
    caplog.clear()
    planned.touch()
    warn_of_rebuild(tuned, settings, WINDOWS)
    assert caplog.text == ""


@pytest.mark.spark
def test_a_silent_stream_keeps_its_window_open_and_says_so_until_the_next_event_closes_it(
    tuned: SparkSession, tmp_path: Path
) -> None:
    settings = Settings(paths=Paths(var=tmp_path), spark=Spark(finals_trigger="0 seconds"))
    create_tables(tuned, {name: settings.table(name) for name in ("events", "user_windows")})

    def comes(at: int, came_ms: int) -> None:
        write_records([Record(event(at, str(at)), f"1:0:{at}", came_ms)], tmp_path / str(at), 1)
        events = clean_events(tuned.read.schema(RECORDS).parquet(str(tmp_path / str(at))))
        events.write.format("delta").mode("append").save(settings.table("events"))

    def told() -> Finals:
        """By a program that goes on from the checkpoint and reads what is there."""
        query = start_windows(tuned, settings)
        try:
            before_ms = done_watermark_ms(tuned, settings.checkpoint(WINDOWS))
            query.processAllAvailable()
            wait_for(lambda: is_idle(progress_of(query, before_ms)), 30)
        finally:
            query.stop()
        return finals(settings, runs=True)

    def is_idle(windows: dict[str, Figure]) -> bool:
        write_progress(settings, "ledger", {"ledger": {"idle": True}})
        write_progress(settings, "features", {"windows": windows, "sessions": windows})
        return windows["idle"] is True

    def five_minutes() -> list[int]:
        rows = tuned.read.format("delta").load(settings.table("user_windows")).where("window_kind = '5m'")
        return [row.window_start for row in rows.collect()]

    came_ms = START + 40 * HOUR  # the wall's clock is not the stream's
    assert told() == Finals(closed_until_ms=0, silent_since_ms=None, waiting=True)
    comes(START, came_ms)
    silent = Finals(START - HORIZON_MS, silent_since_ms=came_ms, waiting=True)
    assert (told(), five_minutes()) == (silent, [])
    assert (told(), five_minutes()) == (silent, [])  # nothing has come, and it has begun again
    comes(START + PANE_MS + HORIZON_MS, came_ms + HOUR)
    assert told() == Finals(START + PANE_MS, silent_since_ms=came_ms + HOUR, waiting=True)
    assert five_minutes() == [START]
