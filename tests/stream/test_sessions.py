from __future__ import annotations

import pytest

from headrace.stream.schemas import SESSIONS
from headrace.stream.sessions import finished_sessions
from tests.stream import oracle
from tests.stream.logs import START, closing, event, random_log
from tests.stream.oracle import Record
from tests.stream.streams import batch_events, emitted, facts_in

pytestmark = pytest.mark.spark


def finished(events):
    return finished_sessions(events, "GBP")


def by_key(rows):
    keyed = {(r.person, r.session_id, r.started_ms, r.ended_ms): facts_in(r) for r in rows}
    assert len(keyed) == len(rows), "a session came out twice"
    return keyed


def test_finished_sessions_of_a_stream_equal_the_recount(tuned, tmp_path):
    log = random_log(7, length=250)
    rows, _ = emitted(tuned, tmp_path, [*log, closing(log)], finished, "append", 3)
    assert by_key(rows) == oracle.sessions(log, "GBP")


def test_a_gap_of_thirty_minutes_joins_and_a_longer_one_splits(tuned, tmp_path):
    joins, splits = START + 1_800_000, START + 3_600_001
    log = [
        Record(event(START, "a", session_id="s", item_id="i2", category="books"), "1:0:0", START),
        Record(event(joins, "b", session_id="s", item_id="i1", category="films", kind="cart"), "1:0:1", START),
        Record(event(splits, "c", session_id="s", item_id="i1"), "1:0:2", START),
        Record(event(joins, "d", session_id=None, item_id="i9"), "1:0:3", START),
    ]
    sessions = finished(batch_events(tuned, tmp_path, log))
    assert [f.name for f in sessions.schema] == SESSIONS.names
    rows = sessions.orderBy("session_id", "started_ms").collect()
    assert [(r.session_id, r.started_ms, r.ended_ms, r.n_events) for r in rows] == [
        ("", joins, joins, 1),
        ("s", START, joins, 2),
        ("s", splits, splits, 1),
    ]
    assert (rows[1]["items"], rows[1].categories, rows[1].n_items) == (["i1", "i2"], ["books", "films"], 2)
    assert (rows[1].n_view, rows[1].n_cart, rows[2].categories) == (1, 1, ["unknown"])
