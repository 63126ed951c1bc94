"""A comparison as people and programs read it."""

from __future__ import annotations

import json

import pytest

from headrace.domain.panes import HOUR_MS
from headrace.stream.differences import Comparison, Mismatch
from headrace.stream.settled import Hours
from headrace.watch.parity import report

HOURS = Hours(0, 2 * HOUR_MS, 3 * HOUR_MS)
EQUAL = Comparison("user_windows", 1_200, 1_200, 0, {}, ())
OTHER = Comparison(
    "panes", 10, 8, 3, {"copies": 1, "n_view": 2}, (Mismatch({"owner": "u:1", "pane_ms": 0}, "n_view", "3", "4"),)
)


def test_what_is_equal_is_one_line_and_good(capsys: pytest.CaptureFixture[str]) -> None:
    assert report("main", HOURS, [EQUAL], replaced=False, as_json=False)
    assert capsys.readouterr().out.splitlines() == [
        "world main: 1970-01-01T00:00Z to 1970-01-01T02:00Z",
        "user_windows: 1,200 rows, 1,200 equal",
    ]


def test_what_differs_is_named_with_both_values_and_the_way_out(capsys: pytest.CaptureFixture[str]) -> None:
    assert not report("main", HOURS, [OTHER], replaced=False, as_json=False)
    assert capsys.readouterr().out.splitlines()[1:] == [
        "panes: 10 rows, 8 equal, 2 differ, 3 not judged",
        "  copies in 1, n_view in 2",
        "  u:1 1970-01-01T00:00Z n_view: stream 3, recount 4",
        "repair: headrace backfill --world main --from 1970-01-01T00:00Z --to 1970-01-01T02:00Z",
    ]


def test_json_has_counts_for_all_facts_and_every_listed_mismatch(capsys: pytest.CaptureFixture[str]) -> None:
    assert not report("main", HOURS, iter([OTHER, EQUAL]), replaced=True, as_json=True)
    told = json.loads(capsys.readouterr().out)
    assert (told["from_ms"], told["to_ms"], told["equal"], told["replaced"]) == (0, 2 * HOUR_MS, False, True)
    assert told["tables"][0] == {
        "table": "panes",
        "rows": 10,
        "equal": 8,
        "differing": 2,
        "unjudged": 3,
        "facts": {"copies": 1, "n_view": 2},
        "listed": [{"key": {"owner": "u:1", "pane_ms": 0}, "fact": "n_view", "stream": "3", "recount": "4"}],
    }


def test_without_a_closed_hour_there_is_nothing_to_say_and_nothing_wrong(capsys: pytest.CaptureFixture[str]) -> None:
    assert report("main", None, (), replaced=False, as_json=False)
    assert capsys.readouterr().out == "world main: no closed hour\n"
