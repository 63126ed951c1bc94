"""What a person likes at this moment: up by liking, back by refusing, in every part of it."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from headrace.domain.events import Event
from headrace.domain.folding import folded
from headrace.domain.mood import Mood, mood_of
from headrace.domain.policy import Policy
from headrace.domain.recommend import known_of
from tests.domain.small import batch, event, inputs, snapshots

SMALL = snapshots()
HOUR = 3_600_000
KITCHEN = 1
MUG = 0
UP = ("view", "like", "cart", "purchase", "dwell", "watch", "pause")
DOWN = ("skip", "hide", "dislike")


def mood(*tail: Event) -> Mood:
    known = known_of(inputs(tail, batch=batch([], (0.5, 0.5))), SMALL, Policy())
    return mood_of(known.signals, len(SMALL.catalogue.categories), SMALL.model.item_factors, SMALL.gram)


def affinity(of: Mood, place: int) -> float:
    return dict(zip(of.items.tolist(), of.item_affinity.tolist(), strict=True)).get(place, 0.0)


def test_a_mood_by_hand() -> None:
    found = mood(event("pause", "mug", 0, value_milli=30_000_000), event("cart", "bat", HOUR))
    # the pause 30/(30 + 10) = 0.75, the cart 3/2: kitchen 0.75/3.25, sport 1.5/3.25
    assert found.categories.tolist() == [0.0, 0.75 / 3.25, 1.5 / 3.25]
    assert found.item_affinity.tolist() == [0.75, 1.5]
    # axes, two items: YᵀY = diag(2.25, 1.25), C − I = 30 and 60, λ = 0.2
    assert found.factors == pytest.approx([31 / (2.25 + 30 + 0.2), 61 / (1.25 + 60 + 0.2)])


def test_a_mood_outlasts_its_session_and_knows_nothing_of_the_trained_factors() -> None:
    found = mood(event("cart", "mug", 2 * HOUR))
    assert (found.categories[KITCHEN], affinity(found, MUG)) == (0.75 / 1.75, 0.75)
    assert found.factors[1] == 0.0  # the trained vector has 0.5 there


def test_a_mood_of_nothing_is_nothing() -> None:
    found = mood()
    assert not found.categories.any()
    assert not found.factors.any()
    assert len(found.items) == 0


@pytest.mark.parametrize("down", DOWN)
@pytest.mark.parametrize("up", UP)
def test_liking_moves_every_part_up_and_refusing_moves_it_back(up: str, down: str) -> None:
    liked = event(up, "mug", 2, value_milli=20_000_000)
    before, after, back = mood(), mood(liked), mood(event(down, "mug", 1), liked)
    score = [float(SMALL.model.item_factors[MUG] @ each.factors) for each in (before, after, back)]
    assert score[0] < score[1] > score[2]
    assert before.categories[KITCHEN] < after.categories[KITCHEN] > back.categories[KITCHEN]
    assert affinity(before, MUG) < affinity(after, MUG) > affinity(back, MUG)


@pytest.mark.parametrize("kind", DOWN)
def test_refusing_one_item_moves_its_like_down_too(kind: str) -> None:
    pan_alone, and_mug_refused = mood(event("view", "pan", 2)), mood(event(kind, "mug", 1), event("view", "pan", 2))
    pot = SMALL.model.item_factors[2]
    assert float(pot @ and_mug_refused.factors) < float(pot @ pan_alone.factors)


vectors = st.lists(st.floats(-2, 2), min_size=3, max_size=3).map(np.array)


@given(vectors, vectors, st.floats(0.05, 20), st.integers(0, 2**32 - 1))
def test_wherever_a_person_starts_liking_raises_the_items_score_and_refusing_lowers_it(
    start: np.ndarray, item: np.ndarray, strength: float, seed: int
) -> None:
    assume(np.abs(item).max() > 0.1)
    factors = np.vstack([item, np.random.default_rng(seed).normal(size=(5, 3))]).astype(np.float32)
    gram = factors.T.astype(np.float64) @ factors
    liked, refused = (folded(start, gram, factors, np.array([0]), np.array([sign * strength])) for sign in (1.0, -1.0))
    own = factors[0].astype(np.float64)
    assert own @ refused < own @ start < own @ liked
