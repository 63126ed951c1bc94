"""What a writer of panes remembers of large rows: readers see the sample of all, and a row grows slowly."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from headrace.domain.hour_sample import rank, sample
from headrace.stores.cassandra.large_rows import ORDINARY, LargeRows

ROW = ("u:bot", 0)


class Store:
    """One row as Cassandra has it, written through what a process knows."""

    def __init__(self) -> None:
        self.entries: dict[str, bytes] = {}

    def put(self, large: LargeRows, entries: dict[str, bytes]) -> None:
        wanted = large.wanted(ROW, entries)
        self.entries |= wanted
        large.written(ROW, wanted)


def queries(begin: int, end: int, packed: bytes = b"") -> dict[str, bytes]:
    return {f"00:5|{n:05d}|": packed for n in range(begin, end)}


def test_an_ordinary_row_is_written_as_it_is_and_nothing_of_it_is_remembered() -> None:
    large, store = LargeRows(), Store()
    for begin in range(0, ORDINARY, 8):
        store.put(large, queries(begin, begin + 8))
    assert list(store.entries) == list(queries(0, ORDINARY))
    assert not large._rows
    entries = queries(0, 9)
    assert large.wanted(ROW, entries) is entries


spans = st.lists(st.tuples(st.integers(0, 2_000), st.integers(1, 700)), max_size=12)


@settings(deadline=None)
@given(spans=spans, restarts=st.sets(st.integers(0, 11), max_size=2), processes=st.integers(1, 2))
def test_readers_see_the_sample_of_all_whoever_wrote_and_whatever_was_forgotten(
    spans: list[tuple[int, int]], restarts: set[int], processes: int
) -> None:
    each, store, every = [LargeRows() for _ in range(processes)], Store(), dict[str, bytes]()
    for n, (begin, length) in enumerate(spans):
        if n in restarts:
            each[n % processes] = LargeRows()
        entries = queries(begin, begin + length, bytes([n]))
        every |= entries
        store.put(each[n % processes], entries)
    visible = sample(store.entries)
    assert visible == sample(every)
    assert {name: store.entries[name] for name in visible} == {name: every[name] for name in visible}


def test_a_row_grows_with_the_logarithm_of_what_a_crawler_sends() -> None:
    large, store = LargeRows(), Store()
    for begin in range(0, 36_000, 5):
        store.put(large, queries(begin, begin + 5))
    assert sample(store.entries) == sample(queries(0, 36_000))
    # 125 come before the row is known to grow. The n-th of the other 35,875 is written with the chance 512/n that it is
    # among their 512 lowest so far: for n > 512 together 512 · ln(35,875 / 512) = 2,176, and √2,176 = 47.
    assert abs(len(store.entries) - (125 + 512 + 2_176)) < 4 * 47


def test_an_entry_that_is_seen_is_written_each_time_and_one_that_never_will_be_never() -> None:
    large, store = LargeRows(), Store()
    store.put(large, queries(0, 600))
    low, high = (pick(queries(600, 5_000), key=rank) for pick in (min, max))
    assert large.wanted(ROW, {low: b"1", high: b"1"}) == {low: b"1"}
    again = next(iter(store.entries))
    assert large.wanted(ROW, {again: b"2"}) == {again: b"2"}


def test_the_rows_written_longest_ago_are_forgotten_before_more_is_remembered_than_there_is_room_for() -> None:
    large = LargeRows(capacity=1_000)
    for owner in ("a", "b", "a", "c"):
        large.written((owner, 0), queries(0, 400))
    assert [owner for owner, _ in large._rows] == ["a", "c"]
    assert large._remembered == 800


def test_a_row_from_which_something_is_taken_is_not_known_any_more() -> None:
    large, store = LargeRows(), Store()
    store.put(large, queries(0, 600))
    never = max(queries(600, 5_000), key=rank)
    large.forget(ROW)
    large.forget(("u:other", 0))
    assert large.wanted(ROW, {never: b""}) == {never: b""}
    assert large._remembered == 0


def test_how_often_rows_were_written_counts_for_their_hour_only() -> None:
    large = LargeRows()
    for hour in range(40):
        large.written(("u:1", hour), queries(0, 100))
    assert not large._rows
    large.written(("u:1", 39), queries(100, 200))
    assert list(large._rows) == [("u:1", 39)]
