"""otto, by sessions and flattened. Worked out by hand."""

from __future__ import annotations

from pathlib import Path

from headrace.local.datasets import open_dataset
from headrace.local.wire import WireEvent
from tests.local.datasets.folders import read, write


def test_otto_sessions_become_events_in_order_of_time(tmp_path: Path) -> None:
    write(
        tmp_path / "train.jsonl",
        '{"session":7,"events":[{"aid":1,"ts":1000,"type":"clicks"},{"aid":2,"ts":3000,"type":"carts"}]}',
        '{"session":8,"events":[{"aid":2,"ts":2000,"type":"orders"}]}',
    )
    write(tmp_path / "events.csv", "ts_ms,session_id,item_id,event_type", "1000,7,1,clicks")
    dataset = open_dataset(tmp_path)
    assert dataset.format.name == "otto"
    assert read(dataset).events == (
        WireEvent(event_id="7:0", kind="click", occurred_at=1000, received_at=1000, session_id="7", item_id="1"),
        WireEvent(event_id="8:0", kind="purchase", occurred_at=2000, received_at=2000, session_id="8", item_id="2"),
        WireEvent(event_id="7:1", kind="cart", occurred_at=3000, received_at=3000, session_id="7", item_id="2"),
    )


def test_flattened_otto_is_read_where_there_are_no_sessions(tmp_path: Path) -> None:
    write(tmp_path / "events.csv.gz", "ts_ms,session_id,item_id,event_type", "1659304800025,0,1517085,carts")
    assert read(open_dataset(tmp_path)).events == (
        WireEvent(
            event_id="events:2",
            kind="cart",
            occurred_at=1659304800025,
            received_at=1659304800025,
            session_id="0",
            item_id="1517085",
        ),
    )
