"""How much more of an item is ordered here and now than overall: by hand, and beside a plain loop."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from headrace.domain.here import ANY_TIME, NOWHERE, Context, Here, contexts_of
from headrace.domain.orders import here_and_now, no_orders, orders_of
from tests.domain.small import orders_from

TOWN, PART = 7, 77
BREAKFAST = Here(cell=PART, parent=TOWN, hour=8, weekday=0)
EVER, MORNING, TOWN_MORNING, TOWN_EIGHT, HERE_EIGHT = contexts_of(BREAKFAST)


def lifts(counts: Mapping[Context, Mapping[int, int]], here: Here, items: list[int]) -> list[float]:
    return here_and_now(orders_from(counts), here, np.array(items, dtype=np.int64)).tolist()


def test_coffee_at_breakfast_by_hand() -> None:
    # Overall 100 orders, 20 of coffee (0) and 80 of tea (1). In the morning 50, of which 15 coffee: 10 were expected,
    # so (15 + 5) / (10 + 5) = 4/3 and (4/3 − 1) / (4/3 + 1) = 1/7. Tea: (35 + 5) / (40 + 5) = 8/9, −1/17.
    counts = {EVER: {0: 20, 1: 80}, MORNING: {0: 15, 1: 35}}
    assert lifts(counts, BREAKFAST, [0, 1]) == pytest.approx([1 / 7, -1 / 17], abs=1e-15)


def test_each_narrower_context_is_held_against_the_one_before() -> None:
    # The town's mornings: 10 orders, 3 of coffee expected of 15/50, 8 counted: a factor 13/8 on top of 4/3: 13/6, 7/19.
    counts = {EVER: {0: 20, 1: 80}, MORNING: {0: 15, 1: 35}, TOWN_MORNING: {0: 8, 1: 2}}
    assert lifts(counts, BREAKFAST, [0]) == pytest.approx([7 / 19], abs=1e-15)
    # At eight, here: as in the town's mornings, share by share: nothing new.
    counts |= {TOWN_EIGHT: {0: 4, 1: 1}, HERE_EIGHT: {0: 4, 1: 1}}
    assert lifts(counts, BREAKFAST, [0]) == pytest.approx([7 / 19], abs=1e-15)


def test_where_too_few_ordered_what_is_known_of_wider_ground_stands() -> None:
    counts = {EVER: {0: 20, 1: 80}, MORNING: {0: 15, 1: 35}, TOWN_MORNING: {0: 8, 1: 2}, TOWN_EIGHT: {0: 9, 1: 1}}
    elsewhere = Here(cell=99, parent=9, hour=8, weekday=0)
    assert lifts(counts, elsewhere, [0, 1]) == pytest.approx([1 / 7, -1 / 17], abs=1e-15)
    new_part = Here(cell=78, parent=TOWN, hour=8, weekday=0)
    assert lifts(counts, new_part, [0, 1]) == lifts(counts, BREAKFAST, [0, 1])


def test_without_an_hour_the_place_counts_and_without_a_place_the_hour() -> None:
    # 4 expected of 20 in town at any time, 13 counted: (13 + 5) / (4 + 5) = 2: 1/3.
    counts = {EVER: {0: 20, 1: 80}, (TOWN, ANY_TIME): {0: 13, 1: 7}, MORNING: {0: 15, 1: 35}}
    assert lifts(counts, Here(cell=PART, parent=TOWN), [0]) == pytest.approx([1 / 3], abs=1e-15)
    assert lifts(counts, Here(hour=8, weekday=0), [0]) == pytest.approx([1 / 7], abs=1e-15)


def test_nothing_known_says_nothing() -> None:
    counts = {EVER: {0: 20, 1: 80}, MORNING: {0: 15, 1: 35}}
    assert lifts(counts, NOWHERE, [0, 1]) == [0.0, 0.0]
    assert lifts(counts, BREAKFAST, [2, 900]) == [0.0, 0.0]  # nobody ever ordered them
    assert here_and_now(no_orders(), BREAKFAST, np.array([0, 1])).tolist() == [0.0, 0.0]
    assert lifts(counts, BREAKFAST, []) == []


def test_arrays_that_disagree_are_refused_and_good_ones_are_read_only() -> None:
    good = orders_from({EVER: {0: 1}})
    with pytest.raises(ValueError, match="1 contexts, 1 starts"):
        orders_of(good.contexts, good.starts[:1], good.items, good.people)
    with pytest.raises(ValueError, match="do not begin where"):
        orders_of(good.contexts, np.array([0, 2]), good.items, good.people)
    assert good.totals.tolist() == [1]
    assert not good.people.flags.writeable


CONTEXTS = st.sampled_from([*contexts_of(BREAKFAST), (TOWN, ANY_TIME), (3, 8)])
COUNTS = st.dictionaries(CONTEXTS, st.dictionaries(st.integers(0, 5), st.integers(1, 50), min_size=1))


@given(COUNTS, st.sampled_from([BREAKFAST, NOWHERE, Here(PART, TOWN), Here(hour=8, weekday=0)]))
def test_it_is_what_a_plain_loop_with_exact_fractions_finds(counts: dict[Context, dict[int, int]], here: Here) -> None:
    def plain(item: int) -> float:
        lift, wider = Fraction(1), None
        for context in contexts_of(here):
            if context not in counts:
                break
            of = counts[context]
            if wider is not None:
                expected = Fraction(wider.get(item, 0) * sum(of.values()), sum(wider.values()))
                lift *= Fraction(of.get(item, 0) + 5) / (expected + 5)
            wider = of
        return float((lift - 1) / (lift + 1))

    items = list(range(7))
    assert lifts(counts, here, items) == pytest.approx([plain(item) for item in items], abs=1e-12)
    assert all(-1 < value < 1 for value in lifts(counts, here, items))
