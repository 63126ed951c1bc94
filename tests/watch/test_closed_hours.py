"""While records still arrive: which hours has everyone passed?"""

from __future__ import annotations

from dataclasses import replace

import pyarrow as pa
import pytest

from headrace.watch.closed_hours import Readers, closed_before_ms

HOUR = 3_600_000


def rows(topic: str, *places: tuple[int, int, int, int]) -> pa.Table:
    """Rows of (raw partition, raw offset, src_ms, offset), all in partition 0 of the topic."""
    names = ("raw_generation", "raw_partition", "raw_offset", "src_ms", f"{topic}_partition", f"{topic}_offset")
    schema = pa.schema([(name, pa.int64()) for name in names])
    trees = [dict(zip(names, (1, *place[:3], 0, place[3]), strict=True)) for place in places]
    return pa.Table.from_pylist(trees, schema)


# Two raw partitions; the newest record is of hour 5, so hour 4 is still open and hours 0 to 3 are closed.
LEDGER = rows("clean", (0, 0, 2 * HOUR, 0), (1, 0, 3 * HOUR, 1), (0, 1, 4 * HOUR, 2), (1, 1, 5 * HOUR + 7, 3))
REJECTED = rows("rejected", (0, 2, 4 * HOUR + 1, 0))
# Everything moves on: each topic has more than has been read of it.
BUSY = Readers(
    raw_ends={0: 90, 1: 90},
    clean_ends={0: 90},
    rejected_ends={0: 90},
    ledger={0: 4},
    rejected={0: 1},
    hot={0: 4},
)


def test_under_steady_traffic_all_hours_before_the_previous_one_are_judged() -> None:
    assert not BUSY.are_through()
    assert closed_before_ms(LEDGER, REJECTED, BUSY, 1) == 4 * HOUR


def test_a_quiet_partition_that_was_read_to_its_end_holds_nothing_up() -> None:
    no_rejects = replace(BUSY, rejected_ends={0: 0}, rejected={})
    assert closed_before_ms(LEDGER, rows("rejected"), no_rejects, 1) == 4 * HOUR
    never_used = replace(BUSY, raw_ends={0: 90, 1: 90, 2: 0})
    assert closed_before_ms(LEDGER, REJECTED, never_used, 1) == 4 * HOUR


@pytest.mark.parametrize(
    "behind",
    [
        replace(BUSY, raw_ends={0: 90, 1: 90, 2: 1}),  # ingest has not read a record that may be of any hour
        replace(BUSY, clean_ends={0: 90, 1: 1}),
        replace(BUSY, rejected_ends={0: 90, 1: 1}),
        replace(BUSY, hot={0: 1}),  # its next record is the ledger's offset 1, of hour 3
        replace(BUSY, hot={}),
    ],
)
def test_a_reader_that_may_lack_a_record_of_a_closed_hour_leaves_all_hours_open(behind: Readers) -> None:
    assert closed_before_ms(LEDGER, REJECTED, behind, 1) == 0


def test_an_older_generation_says_nothing_of_this_ones_partitions() -> None:
    assert closed_before_ms(LEDGER, REJECTED, BUSY, 2) == 0


def test_without_records_no_hour_is_closed() -> None:
    assert closed_before_ms(rows("clean"), rows("rejected"), BUSY, 1) == 0


def test_all_is_through_when_every_reader_is_at_the_end() -> None:
    ends = replace(BUSY, ledger={0: 90}, rejected={0: 90}, hot={0: 90})
    assert ends.are_through()
    assert not replace(ends, hot={0: 89}).are_through()
    assert not replace(ends, rejected={}).are_through()
