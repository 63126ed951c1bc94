from __future__ import annotations

import pytest

from headrace.domain.facts import FACTS
from headrace.stream.clean import first_of_order, first_to_arrive
from headrace.stream.facts import READS
from headrace.stream.panes import PANE_COLUMNS, panes
from tests.stream import oracle
from tests.stream.logs import HORIZON_MS, START, closing, event, random_log
from tests.stream.oracle import Record
from tests.stream.streams import batch_events, emitted, facts_in

pytestmark = pytest.mark.spark


def totals(rows):
    """What an upserting store holds in the end: the last row of each key."""
    return {(row.grain, row.owner, row.pane_ms, row.category, row.content_type): facts_in(row) for row in rows}


def hot(events):
    return panes(first_to_arrive(events), "GBP", HORIZON_MS)


@pytest.mark.parametrize(("seed", "batches"), [(1, 1), (2, 5)])
def test_a_stream_equals_the_recount_whatever_the_batches(tuned, tmp_path, seed, batches):
    log = random_log(seed)
    log += log[100:150]  # a killed ingest writes its open batch again
    rows, _ = emitted(tuned, tmp_path, log, hot, "update", batches)
    assert totals(rows) == oracle.panes(log, "GBP")


def test_a_batch_equals_the_recount(tuned, tmp_path):
    log = random_log(3)
    events = batch_events(tuned, tmp_path, log)
    names = ("item_id", "query", "lat", "lon", "category", "content_type", "src_ms", "raw_generation", "raw_partition")
    firsts = first_of_order(events, (*names, *READS))
    counted = panes(firsts, "GBP", HORIZON_MS)
    assert tuple(counted.columns) == PANE_COLUMNS
    assert totals(counted.collect()) == oracle.panes(log, "GBP")


def test_state_behind_the_horizon_ends_and_hours_of_append_are_counted_longer(tuned, tmp_path):
    first = Record(event(START, "a", item_id="i1"), "1:0:0", START)
    a_day_on = Record(event(START + 86_400_000, "b"), "1:0:1", START)
    rows, progress = emitted(tuned, tmp_path, [first, a_day_on], hot, "update", 2)
    removed = {
        name: sum(
            op["numRowsRemoved"] for each in progress for op in each["stateOperators"] if op["operatorName"] == name
        )
        for name in ("dedupe", "stateStoreSave")
    }
    assert removed == {"dedupe": 1, "stateStoreSave": 2}  # the first event; its pane of u:1 and its pane of i1
    hour = START // 3_600_000 * 3_600_000
    assert totals(rows)["partition", "1:0", hour, "", ""][FACTS.index("n_view")] == 2


def test_sums_beyond_64_bits_wrap_and_do_not_stop_the_query(tuned, tmp_path):
    most = 2**63 - 1
    log = [Record(event(START, f"e{n}", price_minor=most), f"1:0:{n}", START) for n in range(2)]
    rows, _ = emitted(tuned, tmp_path, [*log, closing(log)], hot, "update", 1)
    pane = START // 300_000 * 300_000
    assert totals(rows)["user", "u:1", pane, "unknown", "unknown"][FACTS.index("price_sum")] == -2
