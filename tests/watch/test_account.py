from __future__ import annotations

import pyarrow as pa

from headrace.watch.account import Inputs, account

HOUR = 3_600_000
LEDGER = pa.schema(
    [
        ("raw_generation", pa.int64()), ("raw_partition", pa.int64()), ("raw_offset", pa.int64()),
        ("src_ms", pa.int64()), ("person", pa.string()), ("event_id", pa.string()), ("occurred_at", pa.int64()),
        ("late", pa.bool_()), ("clean_partition", pa.int64()), ("clean_offset", pa.int64()),
    ]
)  # fmt: skip
REJECTED = pa.schema(
    [
        ("raw_generation", pa.int64()), ("raw_partition", pa.int64()), ("raw_offset", pa.int64()),
        ("src_ms", pa.int64()), ("reason", pa.string()),
        ("rejected_partition", pa.int64()), ("rejected_offset", pa.int64()),
    ]
)  # fmt: skip


def row(offset, event_id="e", late=False, src_ms=10, at=5, clean=None, partition=0, person="u:1"):
    place = offset if clean is None else clean
    return (1, partition, offset, src_ms, person, event_id, at, late, 0, place)


def refused(offset, reason="not_json", src_ms=10, place=None):
    return (1, 0, offset, src_ms, reason, 0, offset if place is None else place)


def table(rows, schema):
    return pa.Table.from_pylist([dict(zip(schema.names, each, strict=True)) for each in rows], schema)


def judged(ledger=(), rejected=(), hot=None, raw_range=None, drained=True, closed_before_ms=0, ingested=None):
    tables = table(ledger, LEDGER), table(rejected, REJECTED)
    return account(Inputs(*tables, hot or {}, raw_range or {}, drained, closed_before_ms, ingested or {}))


def test_every_record_falls_into_the_first_term_that_applies():
    ledger = [
        row(0, "a"),
        row(1, "a"),  # the same event again: duplicate
        row(2, "a", late=True),  # late comes before duplicate
        row(3, "b", late=True),
        row(4, "b"),  # its earlier copy was late, so this is the first that counts
        row(5, "c", src_ms=HOUR),
    ]
    result = judged(ledger, [refused(6), refused(7, "no_consent")], {("1:0", 0): 2, ("1:0", HOUR): 1}, {"1:0": (0, 8)})
    assert result.hours["1:0", 0] == {
        "received": 7, "rejected": 1, "no_consent": 1, "late": 2, "duplicate": 1, "counted": 2, "hot": 2,
    }  # fmt: skip
    assert result.hours["1:0", HOUR] == {
        "received": 1, "rejected": 0, "no_consent": 0, "late": 0, "duplicate": 0, "counted": 1, "hot": 1,
    }  # fmt: skip
    assert (result.totals["received"], result.faults, result.pending) == (8, (), ())


def test_a_record_that_a_killed_ingest_wrote_twice_is_received_once():
    twice = [row(0, "a", clean=0), row(1, "b", clean=1), row(0, "a", clean=2), row(1, "b", clean=3)]
    result = judged(twice, [refused(2, place=0), refused(2, place=1)], {("1:0", 0): 2}, {"1:0": (0, 3)})
    assert (result.totals["received"], result.totals["duplicate"], result.faults) == (3, 0, ())


def test_the_first_in_clean_order_counts_and_not_the_first_in_the_table():
    # Both copies came through different raw hours; the one that is first in events.clean is in the second hour.
    ledger = [row(0, "a", src_ms=0, clean=9), row(1, "a", src_ms=HOUR, clean=3)]
    result = judged(ledger, hot={("1:0", HOUR): 1}, raw_range={"1:0": (0, 2)})
    assert (result.hours["1:0", 0]["duplicate"], result.hours["1:0", HOUR]["counted"], result.faults) == (1, 1, ())


def test_a_hole_among_the_raw_offsets_is_a_fault_once_all_is_read_and_pending_before():
    ledger, hot = [row(1, "a"), row(2, "b"), row(5, "c")], {("1:0", 0): 3}
    drained = judged(ledger, hot=hot, raw_range={"1:0": (1, 6)})
    assert (drained.missing, drained.drained) == ({"1:0": ((3, 5),)}, True)
    assert drained.faults == ("1:0: 2 raw records in no table, from offset 3",)
    assert drained.pending == ()
    running = judged(ledger, hot=hot, raw_range={"1:0": (1, 6)}, drained=False)
    assert (running.faults, running.pending, running.drained) == ((), drained.faults, False)


def test_raw_records_that_ingest_has_not_reached_are_pending_and_a_fault_once_it_has_passed_them():
    story = {"ledger": [row(0, "a")], "hot": {("1:0", 0): 1}, "raw_range": {"1:0": (0, 4), "1:1": (0, 2)}}
    sentences = ("1:0: 3 raw records in no table, from offset 1", "1:1: 2 raw records in no table, from offset 0")
    for ingested in ({}, {"1:0": 1, "1:1": 0}):
        behind = judged(**story, ingested=ingested)
        assert (behind.faults, behind.pending, behind.drained) == ((), sentences, False)
    passed = judged(**story, ingested={"1:0": 4, "1:1": 0})
    assert (passed.faults, passed.pending, passed.drained) == (sentences[:1], sentences[1:], False)


def test_closed_hours_are_judged_while_records_still_arrive_and_open_ones_are_not():
    ledger = [row(0, "a"), row(2, "b"), row(3, "c", src_ms=HOUR), row(5, "d", src_ms=HOUR)]
    hot = {("1:0", 0): 1, ("1:0", HOUR): 1}
    result = judged(ledger, hot=hot, raw_range={"1:0": (0, 6)}, drained=False, closed_before_ms=HOUR)
    # Offset 1 lies before a record of the closed hour, offset 4 in the open one.
    assert result.faults == (
        "1:0: 1 raw records in no table, from offset 1",
        "1:0 hour 1970-01-01T00:00Z: the ledger counts 2, the hot query counted 1",
    )
    assert result.pending == (
        "1:0: 1 raw records in no table, from offset 4",
        "1:0 hour 1970-01-01T01:00Z: the ledger counts 2, the hot query counted 1",
    )


def test_records_that_the_broker_has_deleted_need_only_be_contiguous():
    result = judged([row(3, "a"), row(4, "b")], hot={("1:0", 0): 2}, raw_range={"1:0": (5, 5)})
    assert (result.missing, result.faults) == ({"1:0": ()}, ())


def test_a_partition_without_any_record_in_the_tables_is_missing_whole():
    assert judged(raw_range={"1:1": (0, 2)}).missing == {"1:1": ((0, 2),)}
    assert judged(raw_range={"1:1": (0, 0)}).missing == {"1:1": ()}


def test_what_the_hot_query_counted_otherwise_is_a_fault():
    result = judged([row(0, "a")], hot={("1:0", 0): 2}, raw_range={"1:0": (0, 1)})
    assert result.faults == ("1:0 hour 1970-01-01T00:00Z: the ledger counts 1, the hot query counted 2",)


def test_a_record_that_is_both_an_event_and_rejected_is_a_fault_even_before_all_is_drained():
    result = judged([row(0, "a")], [refused(0)], {("1:0", 0): 1}, {"1:0": (0, 1)}, drained=False)
    assert result.faults == ("1:0 hour 0: 1 records are both events and rejected",)


def test_an_id_used_for_two_moments_is_two_events_and_a_conflict():
    result = judged([row(0, "a", at=5), row(1, "a", at=6)], hot={("1:0", 0): 2}, raw_range={"1:0": (0, 2)})
    assert (result.totals["counted"], result.conflicts, result.faults) == (2, 1, ())


def test_events_that_only_the_ledger_counts_name_the_hours_in_which_they_occurred():
    # Appended in hour 5 and in hour 6; the hot query lacks one of each. They occurred in hours 2 to 3, and in hour 5.
    ledger = [
        row(0, "a", src_ms=5 * HOUR, at=2 * HOUR + 1),
        row(1, "b", src_ms=5 * HOUR, at=4 * HOUR - 1),
        row(2, "late", src_ms=5 * HOUR, at=HOUR, late=True),
        row(3, "c", src_ms=6 * HOUR, at=5 * HOUR),
        row(4, "c", src_ms=6 * HOUR, at=5 * HOUR),
    ]
    result = judged(ledger, hot={("1:0", 5 * HOUR): 1, ("1:0", 6 * HOUR): 0}, raw_range={"1:0": (0, 5)})
    assert result.repairs == ((2 * HOUR, 4 * HOUR), (5 * HOUR, 6 * HOUR))
    assert len(result.faults) == 2


def test_hours_that_overlap_are_rebuilt_at_once_and_what_adds_up_or_was_counted_too_often_is_not():
    ledger = [
        row(0, "a", src_ms=5 * HOUR, at=4 * HOUR),
        row(1, "b", src_ms=6 * HOUR, at=5 * HOUR),
        row(2, "c", src_ms=7 * HOUR, at=7 * HOUR),
        row(3, "d", src_ms=8 * HOUR, at=8 * HOUR),
    ]
    hot = {("1:0", 7 * HOUR): 1, ("1:0", 8 * HOUR): 2}
    assert judged(ledger, hot=hot, raw_range={"1:0": (0, 4)}).repairs == ((4 * HOUR, 6 * HOUR),)
    assert judged(ledger, hot=hot, raw_range={"1:0": (0, 4)}, drained=False).repairs == ()


def test_records_of_days_that_are_no_longer_kept_are_not_judged_and_still_tell_a_duplicate():
    ledger = [row(5, "a", src_ms=HOUR - 1), row(7, "a", src_ms=HOUR), row(8, "b", src_ms=HOUR)]
    inputs = Inputs(
        table(ledger, LEDGER),
        table([], REJECTED),
        {("1:0", 0): 9, ("1:0", HOUR): 1},
        {"1:0": (7, 9)},
        drained=True,
        since_ms=HOUR,
    )
    result = account(inputs)
    assert list(result.hours) == [("1:0", HOUR)]
    assert (result.totals["received"], result.totals["duplicate"], result.totals["counted"]) == (2, 1, 1)
    assert (result.missing, result.faults, result.pending) == ({"1:0": ()}, (), ())
