"""Places: score order, the category cap, steps."""

from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from headrace.domain.answer import Step
from headrace.domain.order import allowed_by_cap, applied, capped, score_order


def test_ties_break_by_popularity_then_id() -> None:
    #        row:      0  1  2  3  4
    scores = np.array([5, 7, 5, 5, 7])
    popular = np.array([1, 2, 9, 1, 3])
    id_rank = np.array([3, 0, 4, 1, 2])
    assert score_order(scores, popular, id_rank).tolist() == [4, 1, 2, 3, 0]


rows = st.lists(st.tuples(st.integers(-(2**62), 2**62), st.integers(0, 3), st.integers(0, 4)), min_size=0, max_size=40)


@given(rows)
def test_the_score_order_is_the_sort_by_score_popularity_and_id(drawn: list[tuple[int, int, int]]) -> None:
    table = np.array([(score, popular) for score, popular, _ in drawn], dtype=np.int64).reshape(-1, 2)
    order = score_order(table[:, 0], table[:, 1], np.arange(len(drawn))).tolist()
    assert order == sorted(range(len(drawn)), key=lambda row: (-drawn[row][0], -drawn[row][1], row))


def test_a_fourth_of_a_kind_lets_the_next_other_step_up() -> None:
    # a a a a b c with a cap of 2 in the first 4: places 2 and 3 go to b and c
    ids = ["a1", "a2", "a3", "a4", "b1", "c1"]
    moved, steps = capped(np.arange(6), np.array([1, 1, 1, 1, 2, 3]), ids, 2, 4)
    assert [ids[row] for row in moved] == ["a1", "a2", "b1", "c1", "a3", "a4"]
    assert steps == [Step("category_cap", "b1", 4, 2, "a3"), Step("category_cap", "c1", 5, 3, "a3")]


def test_without_others_the_cap_leaves_the_order_alone() -> None:
    moved, steps = capped(np.array([2, 0, 1]), np.array([1, 1, 1]), ["a", "b", "c"], 1, 10)
    assert (moved.tolist(), steps) == ([2, 0, 1], [])


def test_the_unknown_category_is_never_capped_and_cap_zero_is_off() -> None:
    assert capped(np.arange(3), np.array([0, 0, 0]), ["a", "b", "c"], 1, 3)[1] == []
    assert capped(np.arange(3), np.array([1, 1, 2]), ["a", "b", "c"], 0, 3)[1] == []


def test_a_step_that_does_not_find_its_item_is_refused() -> None:
    with pytest.raises(ValueError, match="'b' is not at place 0"):
        applied(["a", "b"], [Step("rule", "b", 0, 1)])


capping = st.tuples(st.lists(st.integers(0, 4), max_size=30), st.integers(0, 4), st.integers(0, 12), st.randoms())


@given(capping)
def test_applying_the_steps_to_the_score_order_gives_the_capped_list(drawn) -> None:
    categories, cap, places, random = drawn
    order = list(range(len(categories)))
    random.shuffle(order)
    ids = [f"item{row}" for row in range(len(categories))]
    moved, steps = capped(np.array(order, dtype=np.int64), np.array(categories, dtype=np.int64), ids, cap, places)
    assert sorted(moved.tolist()) == sorted(order)
    assert applied([ids[row] for row in order], steps) == [ids[row] for row in moved]
    assert all(step.from_place > step.to_place for step in steps)
    if cap:
        head = [categories[row] for row in moved[:places].tolist()]
        outside = [categories[row] for row in moved[places:].tolist()]
        counts = Counter(head)
        over = [category for category, count in counts.items() if category and count > cap]
        # a category stands above its cap only where nothing outside could have taken the place
        assert not over or all(category and counts[category] >= cap for category in outside)


@given(st.lists(st.integers(0, 3), max_size=8), st.lists(st.integers(0, 3), max_size=8), st.integers(0, 3))
def test_an_item_is_allowed_where_putting_it_there_keeps_the_cap(served, rest, cap) -> None:
    allowed = allowed_by_cap(np.array(served, dtype=np.int64), np.array(rest, dtype=np.int64), cap, 5)
    for place in range(len(served)):
        for column, category in enumerate(rest):
            head = [*served[:place], category, *served[place + 1 :]][:5]
            fits = cap == 0 or place >= 5 or category == 0 or head.count(category) <= cap
            assert allowed[place, column] == fits
