from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from headrace.live.recent import RecentKeys
from tests.stores.events import view


def test_the_first_of_each_key_is_fresh_in_their_order() -> None:
    first, other = view("u:1", "a", 5, item="i1"), view("u:1", "b", 4)
    repeat = replace(first, item_id=None)
    assert RecentKeys(10).fresh([first, other, repeat]) == [first, other]


def test_a_remembered_key_is_not_fresh_whatever_it_carries() -> None:
    recent = RecentKeys(10)
    recent.remember([view("u:1", "a", 5, item="i1")])
    assert recent.fresh([view("u:1", "a", 5, item="i2"), view("u:1", "a", 6), view("u:2", "a", 5)]) == [
        view("u:1", "a", 6),
        view("u:2", "a", 5),
    ]


def test_what_is_only_asked_about_stays_fresh() -> None:
    recent = RecentKeys(10)
    recent.fresh([view("u:1", "a", 5)])
    assert recent.fresh([view("u:1", "a", 5)]) == [view("u:1", "a", 5)]


@given(moments=st.lists(st.integers(0, 8), max_size=40), capacity=st.integers(1, 6))
def test_exactly_the_last_capacity_distinct_keys_are_known(moments: list[int], capacity: int) -> None:
    recent = RecentKeys(capacity)
    for moment in moments:
        recent.remember([view("u:1", "a", moment)])
    last_first = list(dict.fromkeys(reversed(moments)))
    known = {moment for moment in range(9) if not recent.fresh([view("u:1", "a", moment)])}
    assert known == set(last_first[:capacity])
