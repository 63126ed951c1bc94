from __future__ import annotations

import json
from dataclasses import dataclass, field

import pytest

from headrace.domain.contract import REASONS
from headrace.errors import BadInput
from headrace.ready import read_ready
from headrace.settings import Paths, Settings
from headrace.stream.ingest import report_progress
from headrace.stream.progress import ends_read, figures, progress_file, write_progress
from headrace.stream.queries import chosen_groups, progress_of


def report(end, latest):
    source = {"endOffset": json.dumps(end), "latestOffset": json.dumps(latest)}
    return {
        "batchId": 3, "numInputRows": 40, "batchDuration": 410, "timestamp": "2026-01-01T00:00:00.000Z",
        "sources": [source],
    }  # fmt: skip


def test_lag_is_what_the_topic_has_beyond_what_was_read():
    read, there = {"main.events.clean": {"0": 5, "1": 7}}, {"main.events.clean": {"0": 9, "1": 7}}
    assert figures(report(read, there)) == {
        "batch": 3, "rows": 40, "batch_ms": 410, "at": "2026-01-01T00:00:00.000Z", "lag": 4, "ends": read,
    }  # fmt: skip


def test_a_batch_that_read_what_came_after_its_begin_is_not_ahead_of_its_topic():
    read, there_at_its_begin = {"main.events.raw": {"0": 9, "1": 7}}, {"main.events.raw": {"0": 5, "1": 7}}
    assert figures(report(read, there_at_its_begin))["lag"] == 0


def test_rows_put_into_the_state_are_summed_by_operator():
    operators = [
        {"operatorName": "stateStoreSave", "numRowsUpdated": 5},
        {"operatorName": "dedupe", "numRowsUpdated": 7},
        {"operatorName": "dedupe", "numRowsUpdated": 4},
    ]
    assert figures(report({}, {}) | {"stateOperators": operators})["upserts"] == {"stateStoreSave": 5, "dedupe": 11}
    assert "upserts" not in figures(report({}, {}) | {"stateOperators": []})


def test_a_query_over_a_table_has_no_lag_in_records():
    delta = {"sourceVersion": 1, "reservoirVersion": 8, "index": -1}
    assert (figures(report(delta, None))["lag"], figures(report(delta, None))["ends"]) == (None, None)


def test_the_watermark_is_that_of_the_batch_and_absent_of_a_query_without_one():
    delta = {"sourceVersion": 1, "reservoirVersion": 8, "index": -1}
    timed = report(delta, None) | {"eventTime": {"watermark": "2023-11-14T22:15:00.007Z", "max": "2023-11-15T00:00Z"}}
    assert figures(timed)["watermark_ms"] == 1_700_000_100_007
    assert figures(timed | {"eventTime": {"watermark": "1970-01-01T00:00:00.000Z"}})["watermark_ms"] == 0
    assert "watermark_ms" not in figures(timed | {"eventTime": {}})


def test_a_query_before_its_first_batch_has_no_figures():
    assert figures(None) == {}


def test_the_file_has_every_query_and_the_part_announces_the_greatest_lag(tmp_path):
    settings = Settings(paths=Paths(var=tmp_path))
    progress = {"hot": figures(report({"t": {"0": 1}}, {"t": {"0": 3}})), "windows": figures(None)}
    write_progress(settings, "features", progress)
    assert json.loads(progress_file(settings, "features").read_text(encoding="utf-8")) == progress
    assert read_ready(settings, "features")["lag"] == 2


def test_ends_are_read_by_query_topic_and_partition(tmp_path):
    settings = Settings(paths=Paths(var=tmp_path))
    assert ends_read(settings, "features") == {}
    hot = figures(report({"main.events.clean": {"0": 12}}, None))
    write_progress(settings, "features", {"hot": hot, "windows": {"ends": None}, "x": {}})
    assert ends_read(settings, "features") == {"hot": {("main.events.clean", 0): 12}, "windows": {}, "x": {}}
    assert ends_read(settings, "ingest") == {}


@dataclass
class Query:
    """Stands in for a running query."""

    lastProgress: dict[str, object] | None  # Spark's names, from here on
    status: dict[str, bool] = field(default_factory=lambda: {"isDataAvailable": False, "isTriggerActive": False})


def test_a_query_that_begins_again_and_finds_nothing_new_is_as_far_as_its_checkpoint():
    assert progress_of(Query(None), 700) == {"watermark_ms": 700, "idle": True}
    assert progress_of(Query(None), None) == {"idle": True}


def test_its_own_batches_then_say_how_far_it_is():
    timed = report({}, None) | {"eventTime": {"watermark": "1970-01-01T00:00:00.900Z"}}
    assert progress_of(Query(timed), 700)["watermark_ms"] == 900


@pytest.mark.parametrize("busy", ["isDataAvailable", "isTriggerActive"])
def test_a_query_that_has_data_or_looks_for_some_is_not_idle(busy):
    query = Query(None)
    query.status[busy] = True
    assert progress_of(query, None) == {"idle": False}


def test_ingest_forgets_what_an_earlier_one_said_until_its_own_first_batch_has_ended(tmp_path):
    settings = Settings(paths=Paths(var=tmp_path))
    batch = report({"main.events.raw": {"0": 5}}, {"main.events.raw": {"0": 7}})
    report_progress(settings, Query(batch))
    assert ends_read(settings, "ingest") == {"ingest-v1": {("main.events.raw", 0): 5}}
    assert read_ready(settings, "ingest")["lag"] == 2
    report_progress(settings, Query(None))
    assert ends_read(settings, "ingest") == {}


def test_an_unknown_group_of_queries_is_named():
    assert chosen_groups("archive,finals") == ("archive", "finals")
    with pytest.raises(BadInput, match="'hots' is none of finals, archive"):
        chosen_groups("hots")


def test_the_reasons_of_a_batch_of_rejected_records_are_named():
    counts = list(range(len(REASONS)))
    told = figures(report({"main.events.rejected": {"0": 5}}, None) | {"observedMetrics": {"reasons": counts}})
    assert told["reasons"]["too_large"] == 0
    assert told["reasons"]["future"] == len(REASONS) - 1
    assert "reasons" not in figures(report({"main.events.clean": {"0": 5}}, None) | {"observedMetrics": {}})
