from __future__ import annotations

import json
import random
from dataclasses import asdict
from itertools import count

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pyspark.sql import functions as F

from headrace.domain.events import KINDS, SESSION_GAP_MS, ItemId
from headrace.domain.session import live_session, merged
from headrace.domain.summary import LISTED_ACTS, summary_of
from headrace.stream.schemas import SESSIONS
from headrace.stream.session_sink import session_rows
from headrace.stream.sessions import finished_sessions
from tests.stream import oracle
from tests.stream.logs import HORIZON_MS, START, closing, event, random_log
from tests.stream.oracle import Record
from tests.stream.streams import batch_events, emitted, summary_in

pytestmark = pytest.mark.spark

GAP = SESSION_GAP_MS


def finished(events):
    return finished_sessions(events, "GBP")


def by_key(rows):
    keyed = {(r.person, r.session_id, r.started_ms, r.ended_ms): summary_in(r) for r in rows}
    assert len(keyed) == len(rows), "a session came out twice"
    return keyed


def as_it_was_live(log, rows):
    """Each row's session as a request would have seen it at the moment of its last event."""
    counted = [record.event for record in oracle.counted(log)]
    lived = {}
    for row in rows:
        ours = [each for each in counted if (each.person, each.session_id or "") == (row.person, row.session_id)]
        tail = merged([each for each in ours if each.occurred_at <= row.ended_ms], ())
        live = live_session(tail, row.ended_ms, "GBP", tail[0].session_id)
        lived[row.person, row.session_id, row.started_ms, row.ended_ms] = summary_of(row.session_id, live.events, "GBP")
    return lived


def features_of(told):
    """A summary as people read it: JSON, in which nothing is null and not empty."""
    tree = json.loads(json.dumps(asdict(told)))
    return tree | {"session_id": tree["session_id"] or None}


moments = st.one_of(
    st.integers(0, 8 * GAP), st.builds(lambda n, off: n * GAP + off, st.integers(0, 8), st.integers(-1, 1))
)
events = st.builds(
    event,
    moments.map(lambda at: START + at),
    st.sampled_from([f"e{n}" for n in range(40)]),
    st.sampled_from(["u:1", "u:2"]),
    st.sampled_from(KINDS),
    session_id=st.sampled_from([None, "a"]),
    item_id=st.sampled_from([None, "i1", "i2", "i3", "ü"]).map(lambda name: name and ItemId(name)),
    category=st.sampled_from([None, "books", "films"]),
    content_type=st.sampled_from([None, "unknown", "video", "text"]),
    value_milli=st.sampled_from([None, -1_500, 1, 999, 2_500_000, 9_000_000_000_000_000]),
    price_minor=st.sampled_from([None, 0, 199, 4_000, 9_000_000_000_000]),
    currency=st.sampled_from([None, "GBP", "USD"]),
    late=st.sampled_from([False] * 9 + [True]),
)
logs = st.lists(events, min_size=1, max_size=150).map(
    lambda made: [Record(each, f"1:0:{n}", START) for n, each in enumerate(made)]
)
runs = count()


def blocks(log, length):
    """Less than the state horizon each: what comes in order of blocks is never behind the watermark."""
    return [log[begin : begin + length] for begin in range(0, len(log) - length + 1, length)]


@settings(max_examples=12, deadline=None, suppress_health_check=list(HealthCheck))
@given(logs)
def test_a_finished_session_is_what_the_live_one_was_to_the_last_integer(tuned, tmp_path, log):
    rows = finished(batch_events(tuned, tmp_path / str(next(runs)), log)).collect()
    assert by_key(rows) == oracle.sessions(log, "GBP")
    assert by_key(rows) == as_it_was_live(log, rows)


def test_cassandra_gets_the_names_and_values_that_a_live_session_has(tuned, tmp_path):
    log = random_log(7, length=100)
    sessions = finished(batch_events(tuned, tmp_path, log))
    rows = session_rows(sessions).collect()
    told = {(row.person, row.session_id, row.started_ms): json.loads(row.features) for row in rows}
    law = {key[:3]: features_of(summary) for key, summary in oracle.sessions(log, "GBP").items()}
    assert told == law


@pytest.mark.parametrize("batches", [1, 5])
def test_finished_sessions_of_a_stream_equal_the_recount_whatever_the_batches(tuned, tmp_path, batches):
    log = [record for hour in blocks(random_log(7, length=250), 50) for record in random.Random(1).sample(hour, 50)]
    rows, _ = emitted(tuned, tmp_path, [*log, closing(log)], finished, "append", batches)
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
    assert (rows[1].viewed, rows[1].carted, rows[1].categories) == (["i2"], ["i1"], {"books": 1, "films": 1})
    assert (rows[1].entry_kind, rows[1].entry_item, rows[1].entry_category) == ("view", "i2", "books")
    assert (rows[1].cart_after_ms, rows[1].purchase_after_ms) == (1_800_000, None)
    assert (rows[1].n_view, rows[1].n_cart, rows[2].categories) == (1, 1, {"unknown": 1})


def bot(distinct):
    seen = [event(START + n, f"e{n:04}", item_id=f"i{n:04}", category=f"c{n:04}") for n in range(distinct)]
    log = [Record(each, f"1:0:{n}", START) for n, each in enumerate(seen)]
    return random.Random(3).sample(log, distinct)


def test_a_bot_is_one_row_of_bounded_size_whatever_the_order_of_its_events(tuned, tmp_path):
    log = bot(3 * LISTED_ACTS)
    rows, _ = emitted(tuned, tmp_path, [*log, closing(log)], finished, "append", 4)
    (row,) = rows
    assert (row.n_events, row.n_view, row.more) == (600, 600, True)
    assert row.viewed == [f"i{n:04}" for n in range(200)]
    assert row.categories == {f"c{n:04}": 1 for n in range(200)}
    assert by_key(rows) == oracle.sessions(log, "GBP")


def test_the_state_of_a_bots_open_session_is_bounded_too(tuned, tmp_path):
    pause_before_it_ends = Record(event(START + HORIZON_MS + GAP // 2, "later", "u:2"), "1:0:9", START)
    rows, _ = emitted(tuned, tmp_path, [*bot(3 * LISTED_ACTS), pause_before_it_ends], finished, "append", 2)
    assert rows == []
    state = tuned.read.format("statestore").option("operatorId", 0).load(str(tmp_path / "checkpoint"))
    (row,) = state.select("key.person", F.size("value.values").alias("acts")).collect()
    assert (row.person, row.acts) == ("u:1", LISTED_ACTS)
