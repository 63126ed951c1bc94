from __future__ import annotations

from dataclasses import replace

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from headrace.domain.model import BatchCandidates
from headrace.domain.panes import DAY_MS
from headrace.domain.policy import Policy
from headrace.domain.recommend import recommend
from headrace.domain.scoring import WEIGHTS, Weight, Weights
from headrace.domain.taste import Acts, Taste
from headrace.learn.ranking import as_served, merged, row_of
from headrace.learn.retrieval import (
    ALS,
    ITEM_TO_ITEM,
    OWN_HISTORY,
    POPULARITY,
    Catalogue,
    Found,
    Profile,
    popularity_order,
)
from tests.domain import small
from tests.domain.small import CLOCK
from tests.learn.shelves import uncategorised

BY_HAND = Weights((Weight("als", 0.6, "z"), Weight("item_to_item", 0.5, "max"), Weight("own_history", 2.0, "max")))
POPULAR = np.array([4, 9, 4, 0, 2, 0], dtype=np.int64)
FACTORS = np.array([1.0], dtype=np.float32)


def found(**lists: list[tuple[int, float]]) -> Found:
    codes = {"als": ALS, "item_to_item": ITEM_TO_ITEM, "popularity": POPULARITY, "own_history": OWN_HISTORY}
    return {
        code: (
            np.array([item for item, _ in lists.get(name, [])], dtype=np.int64),
            np.array([score for _, score in lists.get(name, [])], dtype=np.float32),
        )
        for name, code in codes.items()
    }


def rows(candidates: BatchCandidates) -> list[tuple[int, int, float]]:
    return list(zip(candidates.items.tolist(), candidates.sources.tolist(), candidates.scores.tolist(), strict=True))


def test_an_items_turn_is_its_best_place_and_ties_go_to_the_popular() -> None:
    both = found(als=[(3, 0.9), (2, 0.8)], item_to_item=[(2, 0.4), (5, 0.1)], popularity=[(1, 9.0)])
    # Places: 3, 2 and 1 are first somewhere, 5 is second. Popularity: 1 reached 9, 2 reached 4, 3 nobody.
    assert rows(merged(both, POPULAR, FACTORS, 10)) == [
        (1, POPULARITY, 9.0),
        (2, ALS, np.float32(0.8)),
        (2, ITEM_TO_ITEM, np.float32(0.4)),
        (3, ALS, np.float32(0.9)),
        (5, ITEM_TO_ITEM, np.float32(0.1)),
    ]


def test_the_limit_counts_items_and_not_rows() -> None:
    both = found(als=[(1, 1.0), (2, 0.5)], item_to_item=[(1, 1.0)], popularity=[(1, 9.0)])
    assert [item for item, _, _ in rows(merged(both, POPULAR, FACTORS, 1))] == [1, 1, 1]


def test_nothing_found_is_an_empty_row_with_the_persons_factors() -> None:
    nothing = merged(found(), POPULAR, FACTORS, 10)
    assert rows(nothing) == []
    assert nothing.factors.tolist() == [1.0]
    assert nothing.items.dtype == np.uint32
    assert nothing.sources.dtype == np.uint8


def test_the_served_order_is_the_scoring_law_on_the_batch_sources() -> None:
    model = Catalogue(
        item_factors=np.array([[1.0], [3.0], [1.0], [3.0], [1.0], [3.0]], dtype=np.float32),
        neighbours=np.zeros((6, 0), dtype=np.int32),
        neighbour_scores=np.zeros((6, 0), dtype=np.float32),
        popularity=np.zeros(6, dtype=np.int64),
        by_popularity=popularity_order(np.zeros(6, dtype=np.int64)),
        **uncategorised(6),
    )
    stored = merged(
        found(als=[(1, 3.0), (3, 3.0)], item_to_item=[(2, 0.5), (3, 0.25)], own_history=[(0, 2.0), (4, 1.0)]),
        model.popularity,
        FACTORS,
        10,
    )
    # als over the five: 1, 3, 1, 3, 1 for items 0 to 4: mean 1.8, sd √0.96 = 0.9798, so z = -0.8165 or 1.2247.
    # 0: 0.6·-0.8165 + 2·2/2        =  1.5101     1: 0.6·1.2247             = 0.7348
    # 2: 0.6·-0.8165 + 0.5·0.5/0.5  =  0.0101     3: 0.7348 + 0.5·0.25/0.5  = 0.9848
    # 4: 0.6·-0.8165 + 2·1/2        =  0.5101
    assert as_served(stored, model, BY_HAND).tolist() == [0, 3, 1, 4, 2]


def test_a_stored_row_is_what_was_found_and_the_taste_of_the_history() -> None:
    nothing = np.zeros(0, dtype=np.int64)
    bought = Acts(np.array([20_000]), np.array([3]), ("garden",), np.array([5_000]), 20_000 * DAY_MS + 7)
    profile = Profile(nothing, nothing, FACTORS, bought)
    row = row_of(found(als=[(1, 0.5)]), profile, POPULAR, 10, 20_021 * DAY_MS)
    assert (rows(row), row.factors.tolist()) == ([(1, ALS, 0.5)], [1.0])
    assert row.taste is not None
    assert (row.taste.categories, row.taste.category_strength.tolist()) == (("garden",), [2.5])
    assert (row.taste.items.tolist(), row.taste.item_strength.tolist()) == ([3], [2.5])
    assert (row.taste.as_of_ms, row.taste.last_ms) == (20_021 * DAY_MS, 20_000 * DAY_MS + 7)


strengths = st.lists(st.floats(-8, 8, width=32), min_size=6, max_size=6)


@given(strengths, st.tuples(st.floats(-8, 8, width=32), st.floats(-8, 8, width=32)))
def test_the_order_that_is_judged_is_the_one_that_is_served(
    items: list[float], categories: tuple[float, float]
) -> None:
    taste = Taste(
        ("kitchen", "sport"),
        np.array(categories, dtype=np.float32),
        np.arange(6, dtype=np.uint32),
        np.array(items, dtype=np.float32),
        CLOCK,
        CLOCK,
    )
    places = [(item, "als", 0.5) for item in small.ITEMS] + [("pot", "own_history", 2.0)]
    stored = replace(small.batch(places, (0.5, -0.25)), taste=taste)
    catalogue = small.snapshots().catalogue
    trained = small.model()
    model = Catalogue(
        trained.item_factors,
        trained.neighbours,
        trained.neighbour_scores,
        trained.popularity,
        popularity_order(trained.popularity),
        catalogue.category,
        catalogue.category_code,
    )
    judged = [small.ITEMS[at] for at in as_served(stored, model, WEIGHTS)]
    still = Policy(exploration_rate=0.0, category_cap=0)
    assert tuple(judged) == recommend(small.inputs(limit=6, batch=stored), small.snapshots(), still).items


def test_equal_scores_are_served_by_popularity_then_index() -> None:
    model = Catalogue(
        np.zeros((6, 1), np.float32),
        np.zeros((6, 0), np.int32),
        np.zeros((6, 0), np.float32),
        np.array([0, 0, 0, 0, 0, 0], dtype=np.int64),
        np.arange(6, dtype=np.int64),
        **uncategorised(6),
    )
    stored = merged(found(own_history=[(5, 1.0), (2, 1.0), (4, 1.0)]), model.popularity, FACTORS, 10)
    assert as_served(stored, model, BY_HAND).tolist() == [2, 4, 5]
