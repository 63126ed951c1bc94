from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from headrace.learn import retrieval
from headrace.learn.retrieval import (
    ALS,
    ITEM_TO_ITEM,
    OWN_HISTORY,
    POPULARITY,
    Catalogue,
    Profile,
    find_all,
    popularity_order,
)
from tests.learn.shelves import uncategorised


def catalogue(
    factors: list[list[float]], neighbours: list[list[tuple[int, float]]], popularity: list[int]
) -> Catalogue:
    k = max(map(len, neighbours), default=0)
    padded = [[*row, *[(-1, 0.0)] * (k - len(row))] for row in neighbours]
    reached = np.array(popularity, dtype=np.int64)
    return Catalogue(
        np.array(factors, dtype=np.float32),
        np.array([[item for item, _ in row] for row in padded], dtype=np.int32).reshape(len(popularity), k),
        np.array([[score for _, score in row] for row in padded], dtype=np.float32).reshape(len(popularity), k),
        reached,
        popularity_order(reached),
        **uncategorised(len(reached)),
    )


def profile(history: list[tuple[int, int]], factors: list[float]) -> Profile:
    return Profile(
        np.array([item for item, _ in history], dtype=np.int64),
        np.array([count for _, count in history], dtype=np.int64),
        np.array(factors, dtype=np.float32),
    )


SIX = catalogue(
    factors=[[1, 0], [0.5, 0], [0.5, 0], [0, 1], [0, 0], [0.9, 0]],
    neighbours=[[(1, 0.5), (3, 0.25)], [(0, 0.5)], [], [(0, 0.25), (4, 0.125)], [], []],
    popularity=[5, 3, 9, 3, 0, 1],
)


def found(person: Profile, limit: int) -> dict[int, list[tuple[int, float]]]:
    (one,) = find_all(SIX, [person], limit)
    return {source: list(zip(items.tolist(), scores.tolist(), strict=True)) for source, (items, scores) in one.items()}


def test_als_ranks_what_the_person_does_not_have_and_ties_go_to_the_popular() -> None:
    # 0 is their own; 5 scores 0.9, then 1 and 2 tie at 0.5 and 2 reached more people; 4 has no factors at all.
    of = found(profile([(0, 1)], [1, 0]), 3)
    assert of[ALS] == [(5, pytest.approx(0.9)), (2, 0.5), (1, 0.5)]


def test_a_tie_at_the_end_of_the_list_goes_to_the_popular_too() -> None:
    assert [item for item, _ in found(profile([(0, 1)], [1, 0]), 2)[ALS]] == [5, 2]


def test_neighbours_of_newer_items_weigh_more_and_add_up() -> None:
    # newest 3 says 0.25 for 0 (their own) and 0.125 for 4; second newest 0 says 0.5 / 2 for 1 and 0.25 / 2 for 3 (own).
    of = found(profile([(3, 1), (0, 1)], [0, 0]), 10)
    assert of[ITEM_TO_ITEM] == [(1, 0.25), (4, 0.125)]
    # 1 then 3 both name 0: 0.5 + 0.25 / 2.
    assert found(profile([(1, 1), (3, 1)], [0, 0]), 10)[ITEM_TO_ITEM][0] == (0, 0.625)


def test_own_history_is_by_frequency_then_popularity_then_index() -> None:
    of = found(profile([(4, 1), (3, 2), (1, 2), (2, 1), (0, 7)], [0, 0]), 4)
    assert of[OWN_HISTORY] == [(0, 7.0), (1, 2.0), (3, 2.0), (2, 1.0)]


def test_popularity_leaves_out_what_the_person_has_and_what_reached_nobody() -> None:
    assert found(profile([(2, 1)], [0, 0]), 10)[POPULARITY] == [(0, 5.0), (1, 3.0), (3, 3.0), (5, 1.0)]
    assert found(profile([], [0, 0]), 2)[POPULARITY] == [(2, 9.0), (0, 5.0)]


def test_a_person_without_a_positive_event_is_offered_what_is_popular_and_nothing_else() -> None:
    of = found(profile([], [0, 0]), 10)
    assert (of[ALS], of[ITEM_TO_ITEM], of[OWN_HISTORY]) == ([], [], [])
    assert len(of[POPULARITY]) == 5


def test_a_person_who_has_everything_is_offered_only_their_own() -> None:
    of = found(profile([(item, 1) for item in range(6)], [1, 1]), 10)
    assert (of[ALS], of[ITEM_TO_ITEM], of[POPULARITY]) == ([], [], [])
    assert len(of[OWN_HISTORY]) == 6


def test_a_catalogue_without_items_offers_nothing() -> None:
    empty = catalogue([], [], [])
    empty = replace(empty, item_factors=np.zeros((0, 2), np.float32))
    (of,) = find_all(empty, [profile([], [1, 0])], 5)
    assert [len(items) for items, _ in of.values()] == [0, 0, 0, 0]


@settings(max_examples=60, deadline=None)
@given(seed=st.integers(0, 2**32 - 1), limit=st.integers(1, 12))
def test_als_equals_a_loop_over_dot_products(seed: int, limit: int) -> None:
    # Small integers as factors: every product is exact in float32, and ties are everywhere.
    random = np.random.default_rng(seed)
    n, people, rank = int(random.integers(1, 30)), int(random.integers(1, 8)), 3
    factors = random.integers(-2, 3, (n, rank)).astype(np.float32)
    popularity = random.integers(0, 3, n)
    model = catalogue(factors.tolist(), [[] for _ in range(n)], popularity.tolist())
    profiles = [
        Profile(
            random.permutation(n)[: random.integers(0, n + 1)].astype(np.int64),
            np.ones(0, dtype=np.int64),
            random.integers(-2, 3, rank).astype(np.float32),
        )
        for _ in range(people)
    ]
    profiles = [Profile(each.items, np.ones(len(each.items), dtype=np.int64), each.factors) for each in profiles]
    for each, one in zip(profiles, find_all(model, profiles, limit), strict=True):
        seen = set(each.items.tolist())
        scored = [
            (
                -sum(float(a) * float(b) for a, b in zip(each.factors, factors[item], strict=True)),
                -popularity[item],
                item,
            )
            for item in range(n)
            if item not in seen and factors[item].any() and each.factors.any()
        ]
        assert one[ALS][0].tolist() == [item for _, _, item in sorted(scored)[:limit]]


def test_people_in_blocks_are_found_the_same_as_one_by_one(monkeypatch: pytest.MonkeyPatch) -> None:
    people = [profile([(item, 1)], [item, 1]) for item in range(6)]
    whole = [{source: items.tolist() for source, (items, _) in of.items()} for of in find_all(SIX, people, 4)]
    monkeypatch.setattr(retrieval, "_BLOCK_SCORES", 1)
    single = [{source: items.tolist() for source, (items, _) in of.items()} for of in find_all(SIX, people, 4)]
    assert whole == single
