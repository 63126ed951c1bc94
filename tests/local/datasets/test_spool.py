"""Events in order of arrival, counted before any is sent, in a folder that is empty afterwards."""

from __future__ import annotations

from pathlib import Path

from headrace.local.datasets import Skip, open_dataset, spool
from headrace.local.wire import WireEvent
from tests.local.datasets.folders import read, write


def test_events_are_spooled_by_arrival_whatever_the_size_of_a_run(tmp_path: Path) -> None:
    write(
        tmp_path / "events.csv",
        "user_id,item_id,occurred_at,received_at",
        *("u,a,40,40", "u,b,10,30", "u,c,10,10", "u,d,20,30", "u,e,10,30"),
    )
    for run_events in (1, 2, 3, 100):
        found = read(open_dataset(tmp_path), run_events)
        assert [event.item_id for event in found.events] == ["c", "b", "e", "d", "a"]


def test_a_spool_counts_before_anything_is_sent(tmp_path: Path) -> None:
    rows = [
        WireEvent(event_id=str(at), kind="view", occurred_at=at, received_at=at, user_id="u", item_id="i")
        for at in (30, 10, 20)
    ]
    with spool([*rows, Skip("price"), Skip("price")], tmp_path, keep=lambda event: event.occurred_at > 10) as spooled:
        assert (spooled.total, dict(spooled.skipped)) == (2, {"price": 2})
        assert [event.occurred_at for event in spooled.events()] == [20, 30]


def test_a_spool_lies_where_it_is_told_to_and_leaves_nothing(tmp_path: Path) -> None:
    event = WireEvent(event_id="a", kind="view", occurred_at=1, received_at=1, user_id="u", item_id="i")
    with spool([event], tmp_path / "tmp") as spooled:
        assert [run.path.is_relative_to(tmp_path / "tmp") for run in spooled.runs] == [True]
    assert list((tmp_path / "tmp").iterdir()) == []
