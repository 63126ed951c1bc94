"""Each expected value is worked out from the cited formula, with 1 / log2(i + 1) for place i: 1, 0.63093, 0.5, …"""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headrace.domain.metrics import (
    average_precision_at,
    coverage_at,
    hit_at,
    mean_and_error,
    ndcg_at,
    recall_at,
)

LISTS = st.lists(st.integers(0, 30), unique=True, max_size=20)
SETS = st.frozensets(st.integers(0, 30), min_size=1, max_size=10)


def test_ndcg_of_hits_at_two_and_four_of_three_relevant_items() -> None:
    # DCG = 0.63093 + 0.43068; the ideal has the three at 1, 2, 3: 1 + 0.63093 + 0.5.
    assert ndcg_at(10, [1, 2, 3, 4], {2, 4, 9}) == pytest.approx(1.06161 / 2.13093, abs=1e-5)


def test_ndcg_counts_only_the_first_k_on_both_sides() -> None:
    # k = 2: only the hit at 2 counts, and no order can do better than 1 + 0.63093.
    assert ndcg_at(2, [1, 2, 3], {2, 3, 4}) == pytest.approx(0.63093 / 1.63093, abs=1e-5)


def test_a_list_shorter_than_k_misses_what_it_does_not_show() -> None:
    assert ndcg_at(10, [5], {5, 6}) == pytest.approx(1 / 1.63093, abs=1e-5)
    assert recall_at(10, [5], {5, 6}) == 0.5


def test_recall_divides_by_every_relevant_item_even_beyond_k() -> None:
    assert recall_at(1, [1, 2], {1, 2, 3, 4}) == 0.25


def test_a_hit_is_all_or_nothing() -> None:
    assert hit_at(3, [1, 2, 3], {3, 2}) == 1.0
    assert hit_at(1, [1, 2, 3], {3, 2}) == 0.0


def test_average_precision_of_hits_at_one_and_four() -> None:
    # precision 1/1 at the first hit, 2/4 at the second, over min(10, 3) relevant items.
    assert average_precision_at(10, [7, 1, 2, 8], {7, 8, 9}) == pytest.approx((1 + 0.5) / 3)


def test_coverage_counts_each_shown_item_once() -> None:
    assert coverage_at(2, [[1, 2, 3], [2, 4, 5]], 10) == pytest.approx(0.3)
    assert coverage_at(2, [], 10) == 0.0
    assert coverage_at(2, [], 0) == 0.0


def test_mean_and_error_of_nobody_of_one_and_of_three() -> None:
    assert mean_and_error([]) == (0.0, 0.0)
    assert mean_and_error([0.25]) == (0.25, 0.0)
    # values 0, 0.5, 1: s = 0.5 with n - 1 in it, so 0.5 / √3.
    assert mean_and_error([0.0, 0.5, 1.0]) == pytest.approx((0.5, 0.5 / math.sqrt(3)))


def test_a_person_without_a_relevant_item_is_refused_and_not_counted_as_zero() -> None:
    with pytest.raises(ValueError, match="leave them out"):
        ndcg_at(10, [1], set())


@given(ranked=LISTS, relevant=SETS, k=st.integers(1, 20))
def test_every_metric_lies_between_nothing_and_perfect(ranked: list[int], relevant: frozenset[int], k: int) -> None:
    for metric in (ndcg_at, recall_at, hit_at, average_precision_at):
        assert 0.0 <= metric(k, ranked, relevant) <= 1.0


@given(relevant=SETS, others=LISTS)
def test_all_relevant_items_first_is_perfect(relevant: frozenset[int], others: list[int]) -> None:
    ranked = [*relevant, *(item for item in others if item not in relevant)]
    assert ndcg_at(len(relevant), ranked, relevant) == pytest.approx(1.0)
    assert average_precision_at(len(relevant), ranked, relevant) == pytest.approx(1.0)
