"""What a person likes: decay, direction, folding in."""

from dataclasses import replace

import numpy as np
import pytest

from headrace.domain.facts import facts_of, merge
from headrace.domain.folding import folded
from headrace.domain.panes import PANE_MS, pane_of
from headrace.domain.policy import Policy
from headrace.domain.preferences import Preferences
from headrace.domain.recommend import known_of
from tests.domain.small import CLOCK, batch, event, inputs, snapshots

HOUR = 3_600_000


def preferences(*tail, **fields) -> Preferences:
    return known_of(inputs(tail, **fields), snapshots(), Policy()).preferences


def test_an_event_says_half_as_much_after_an_hour() -> None:
    found = preferences(event("view", "mug", HOUR), event("cart", "pan", 2 * HOUR))
    assert found.items.tolist() == [0, 1]
    assert found.item_affinity.tolist() == [0.5, 0.75]


def test_dwell_moves_a_category_and_skip_and_hide_move_it_back() -> None:
    viewed = preferences(event("view", "mug"))
    dwelt = preferences(event("view", "mug"), event("dwell", "mug", value_milli=30_000_000))
    skipped = preferences(event("view", "mug"), event("skip", "pan"))
    hidden = preferences(event("view", "mug"), event("hide", "pan"))
    kitchen = 1
    # 1/(1+1), 2/(1+2), 0/(1+0), −2/(1+2)
    assert [found.session[kitchen] for found in (viewed, dwelt, skipped, hidden)] == [0.5, 2 / 3, 0.0, -2 / 3]


def test_a_category_is_what_its_content_types_sum_up_to() -> None:
    view, skip, other = (facts_of(event(kind, "mug"), "GBP") for kind in ("view", "skip", "cart"))
    pane = pane_of(CLOCK)
    apart = {(pane, "kitchen", "product"): merge(view, view), (pane, "kitchen", "video"): skip}
    whole = {(pane, "kitchen", "unknown"): merge(merge(view, skip), view)}
    kitchen = 1
    # two views and a skip, 1 + 1 − 1 = 1 → 1/2; and a cart of an hour before: 1 + 3 = 4 → 4/5
    for panes in (apart, whole):
        found = preferences(panes={**panes, (pane - 12 * PANE_MS, "kitchen", "video"): other})
        assert (found.hour[kitchen], found.day[kitchen]) == (0.5, 0.8)


def test_dwell_moves_the_factors_and_skip_moves_them_back() -> None:
    start = batch([], (0.5, 0.5))
    before = preferences(batch=start).factors
    dwelt = preferences(event("dwell", "mug", value_milli=30_000_000), batch=start).factors
    skipped = preferences(event("skip", "mug"), batch=start).factors
    assert before.tolist() == [0.5, 0.5]
    assert dwelt[0] > before[0] > skipped[0]
    assert dwelt[1] == skipped[1] == 0.5


def test_folding_in_by_hand() -> None:
    factors = np.array([[1.0], [2.0]], dtype=np.float32)
    gram = np.array([[5.0]])
    liked = folded(np.zeros(1), gram, factors, np.array([0]), np.array([1.0]))
    assert liked == pytest.approx([41 / (5 + 40 + 0.1)])
    refused = folded(np.ones(1), gram, factors, np.array([0]), np.array([-1.0]))
    assert refused == pytest.approx([1 - 81 / (5 + 40 + 0.1)])  # p = −1: −1 − 40·(1 + 1) = −81


def test_from_nothing_folding_in_is_the_published_formula_with_refusals_as_minus_one() -> None:
    generator = np.random.default_rng(7)
    factors = generator.normal(size=(30, 4)).astype(np.float32)
    wide = factors.astype(np.float64)
    items, affinity = np.array([3, 8, 20]), np.array([2.0, 0.5, -1.0])
    confidence = np.ones(30)
    confidence[items] += 40 * np.abs(affinity)
    preference = np.zeros(30)
    preference[[3, 8, 20]] = 1.0, 1.0, -1.0
    expected = np.linalg.solve(
        wide.T @ np.diag(confidence) @ wide + 0.1 * 3 * np.eye(4), wide.T @ (confidence * preference)
    )
    assert folded(np.zeros(4), wide.T @ wide, factors, items, affinity) == pytest.approx(expected)


def test_factors_of_another_rank_are_refused() -> None:
    found = replace(batch([("mug", "als", 1.0)]), factors=np.ones(3, dtype=np.float32))
    with pytest.raises(ValueError, match="3 latent factors, the model's items have 2"):
        known_of(inputs([event("view", "mug")], batch=found), snapshots(), Policy())


def test_items_without_factors_leave_the_person_as_they_are() -> None:
    assert preferences(event("view", "odd"), batch=batch([], (0.25, 0.0))).factors.tolist() == [0.25, 0.0]
