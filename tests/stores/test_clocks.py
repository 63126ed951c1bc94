from hypothesis import given, settings
from hypothesis import strategies as st

from headrace.stores.ports import Stores
from tests.stores.conftest import Run, a_name


def test_there_is_no_time_before_the_first_event(empty_stores: Stores, run: Run) -> None:
    assert run(empty_stores.clocks.now_ms()) is None


def test_the_time_is_the_newest_over_all_writers(empty_stores: Stores, run: Run) -> None:
    run(empty_stores.clocks.advance("a", 1_290_000_000_000))
    run(empty_stores.clocks.advance("b", 1_290_000_000_005))
    run(empty_stores.clocks.advance("a", 1_290_000_000_003))
    assert run(empty_stores.clocks.now_ms()) == 1_290_000_000_005


def test_an_earlier_time_changes_nothing(empty_stores: Stores, run: Run) -> None:
    run(empty_stores.clocks.advance("a", 2_000))
    run(empty_stores.clocks.advance("a", 1_000))
    assert run(empty_stores.clocks.now_ms()) == 2_000


@settings(max_examples=20, deadline=None)
@given(times=st.lists(st.integers(0, 4_000_000_000_000), min_size=1, max_size=8))
def test_the_time_never_goes_back(stores: Stores, run: Run, times: list[int]) -> None:
    writer, newest = a_name(), 0
    for received_ms in times:
        run(stores.clocks.advance(writer, received_ms))
        newest = max(newest, received_ms)
        assert (run(stores.clocks.now_ms()) or 0) >= newest
