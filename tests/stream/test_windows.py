from __future__ import annotations

import pytest

from headrace.domain.panes import DAY_MS
from headrace.stream.schemas import USER_WINDOWS
from headrace.stream.windows import final_windows
from tests.stream import oracle
from tests.stream.logs import HORIZON_MS, START, closing, event, random_log
from tests.stream.oracle import Record
from tests.stream.streams import batch_events, emitted, facts_in

pytestmark = pytest.mark.spark


def final(events):
    return final_windows(events, "GBP", HORIZON_MS)


def by_key(rows):
    keyed = {
        (r.person, r.category, r.content_type, r.window_kind, r.window_start, r.window_end): facts_in(r)
        for r in rows
        if r.person != "u:closing"
    }
    assert len(keyed) == sum(r.person != "u:closing" for r in rows), "a final window came out twice"
    return keyed


@pytest.mark.parametrize(("seed", "batches"), [(4, 1), (5, 4)])
def test_final_windows_of_a_stream_equal_the_recount(tuned, tmp_path, seed, batches):
    log = random_log(seed)
    log += log[-50:]
    rows, _ = emitted(tuned, tmp_path, [*log, closing(log)], final, "append", batches)
    assert by_key(rows) == oracle.windows(log, "GBP")


def test_the_order_of_rows_within_a_batch_changes_nothing(tuned, tmp_path):
    log = random_log(6)
    events = batch_events(tuned, tmp_path, log)
    windows = final(events.orderBy("clean_offset", ascending=False))
    assert [f.name for f in windows.schema] == USER_WINDOWS.names
    assert by_key(windows.collect()) == oracle.windows(log, "GBP")


def test_a_window_is_out_only_when_it_can_change_no_more(tuned, tmp_path):
    first = Record(event(START, "a"), "1:0:0", START)
    pane_end = START // 300_000 * 300_000 + 300_000
    just_open = Record(event(pane_end + HORIZON_MS - 1, "b"), "1:0:1", START)
    rows, _ = emitted(tuned, tmp_path / "open", [first, just_open], final, "append", 2)
    assert rows == []
    closes = Record(event(pane_end + HORIZON_MS, "b"), "1:0:1", START)
    rows, _ = emitted(tuned, tmp_path / "closed", [first, closes], final, "append", 2)
    assert {(r.window_kind, r.window_start, r.n_view) for r in rows} == {
        ("5m", pane_end - 300_000, 1),
        ("1h", pane_end - 3_600_000, 1),
    }


def test_a_local_day_that_ends_within_a_pane_waits_for_that_pane(tuned, tmp_path):
    """Seven minutes ahead of UTC, midnight is 23:53: the pane of 23:50 starts in the day before and outlasts it."""
    midnight = (START // DAY_MS + 1) * DAY_MS - 7 * 60_000
    log = [
        Record(event(midnight - 60_000, "a", tz_offset_min=7), "1:0:0", START),
        Record(event(midnight + 30_000 + HORIZON_MS, "b"), "1:0:1", START),  # behind the horizon: the day, not the pane
        Record(event(midnight + 180_000 + HORIZON_MS, "c"), "1:0:2", START),
    ]
    rows, _ = emitted(tuned, tmp_path, [*log, closing(log)], final, "append", 4)
    windows = by_key(rows)
    assert ("u:1", "unknown", "unknown", "1d_local", midnight - DAY_MS, midnight) in windows
    assert windows == oracle.windows(log, "GBP")
