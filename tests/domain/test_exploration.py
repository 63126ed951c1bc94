"""One drawn place with a known chance."""

import hashlib
import hmac
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from headrace.domain.exploration import BARRED, draw, seed_of, softmax_with_floor, swap_steps, words
from headrace.domain.order import applied

MICRO = 1_000_000


def everything(served: int, rest: int) -> np.ndarray:
    return np.ones((served, rest), dtype=np.bool_)


def drawn_with(seed: bytes, rate: float, scores: list[int], limit: int):
    rows = np.arange(len(scores))
    return draw(
        rows[:limit],
        rows[limit:],
        np.array(scores, dtype=np.int64),
        everything(limit, len(scores) - limit),
        seed,
        rate,
        1.0,
        0.01,
    )


def test_the_seed_is_the_hmac_of_the_request_id() -> None:
    expected = hmac.new(b"secret", b"r-1", hashlib.sha256).digest()
    assert seed_of(b"secret", "r-1") == expected
    assert words(expected).whether == int.from_bytes(expected[:8], "big")
    assert words(expected).which == int.from_bytes(expected[16:24], "big")


def test_softmax_with_floor_by_hand() -> None:
    # scores ln 3 and 0: softmax 3/4, 1/4; floor 0.2 over two: 0.8·3/4 + 0.1 = 0.7 and 0.3
    weights = softmax_with_floor(np.array([round(np.log(3) * MICRO), 0]), 1.0, 0.2)
    assert (weights / weights.sum()).tolist() == pytest.approx([0.7, 0.3], abs=1e-6)


def test_a_barred_item_weighs_nothing_and_the_rest_share_everything() -> None:
    weights = softmax_with_floor(np.array([0, BARRED, 0]), 1.0, 0.5)
    assert weights[1] == 0
    assert weights[0] == weights[2] > 0


@given(st.lists(st.integers(-50 * MICRO, 50 * MICRO), min_size=1, max_size=1000), st.floats(0, 0.5))
def test_every_eligible_item_has_at_least_its_share_of_the_floor(scores: list[int], floor: float) -> None:
    weights = softmax_with_floor(np.array(scores, dtype=np.int64), 1.0, floor)
    assert (weights >= 1).all()
    assert (weights / weights.sum() >= floor / len(scores) * (1 - 1e-6)).all()
    assert sum(Fraction(int(weight), int(weights.sum())) for weight in weights) == 1


def test_without_exploration_the_ruled_list_is_certain() -> None:
    drawn = drawn_with(bytes(32), 0.0, [3, 2, 1], 2)
    assert (drawn.place, drawn.row, drawn.propensities.tolist()) == (None, None, [1.0, 1.0])


def test_without_anything_outside_the_list_there_is_nothing_to_draw() -> None:
    assert drawn_with(bytes(32), 1.0, [3, 2], 2).place is None


def test_a_seed_of_zeros_explores_the_first_place_and_draws_the_ruled_item() -> None:
    # whether = 0 < ε·2⁶⁴; where = 0; which = 0 falls into the first weight: the item that stands there
    drawn = drawn_with(bytes(32), 0.5, [0, 0, 0, 0], 2)
    assert (drawn.place, drawn.row) == (0, 0)
    # three equal items at each place: stays 1/3; (1 − ½) + ½·(1/2 + 1/3/2) = 0.8333…
    assert drawn.propensities.tolist() == pytest.approx([5 / 6, 5 / 6])


def test_a_seed_of_ones_at_full_rate_draws_the_last_item_into_the_last_place() -> None:
    drawn = drawn_with(b"\xff" * 32, 1.0, [0, 0, 0, 0], 2)
    assert (drawn.place, drawn.row) == (1, 3)
    # place 0 was not drawn: ½ + 1/3/2; place 1: ε·(1/3)/2
    assert drawn.propensities.tolist() == pytest.approx([2 / 3, 1 / 6])


def test_a_seed_of_ones_below_full_rate_does_not_explore() -> None:
    assert drawn_with(b"\xff" * 32, 0.99, [0, 0, 0, 0], 2).place is None


@given(st.lists(st.integers(-3 * MICRO, 3 * MICRO), min_size=3, max_size=12), st.floats(0.01, 1.0), st.integers(1, 4))
def test_propensities_over_the_pool_sum_to_one_at_every_place(scores: list[int], rate: float, limit: int) -> None:
    limit = min(limit, len(scores) - 1)
    outside = np.array(scores[limit:])
    ruled = drawn_with(b"\xff" * 32, rate, scores, limit)
    for place in range(limit):
        weights = softmax_with_floor(np.array([scores[place], *outside.tolist()]), 1.0, 0.01)
        chances = weights / weights.sum()
        stays = (1 - rate) + rate * ((limit - 1) / limit + chances[0] / limit)
        leaves = rate * chances[1:] / limit
        assert stays + leaves.sum() == pytest.approx(1.0)
        if ruled.place != place:
            assert ruled.propensities[place] == pytest.approx(stays)
        else:
            assert ruled.propensities[place] == pytest.approx(leaves[ruled.row - limit])


def test_over_many_requests_items_appear_as_often_as_their_propensity_says() -> None:
    scores, limit, rate, requests = [MICRO, MICRO // 2, 0, -MICRO // 2, MICRO // 4], 2, 0.5, 8_000
    counts = np.zeros((limit, len(scores)))
    chance = np.zeros((limit, len(scores)))
    for number in range(requests):
        drawn = drawn_with(seed_of(b"k" * 32, f"request {number}"), rate, scores, limit)
        rows = [drawn.row if place == drawn.place else place for place in range(limit)]
        for place, row in enumerate(rows):
            counts[place, row] += 1
            chance[place, row] = drawn.propensities[place]
    assert chance.sum(axis=1) == pytest.approx([1.0, 1.0])  # every possible item was seen at least once
    deviation = np.sqrt(chance * (1 - chance) / requests)
    assert (np.abs(counts / requests - chance) <= 4 * deviation + 1e-12).all()


@given(st.integers(2, 12).flatmap(lambda n: st.tuples(st.just(n), st.integers(1, n - 1), st.integers(0, n - 2))))
def test_the_steps_of_a_swap_change_two_places_and_no_other(drawn: tuple[int, int, int]) -> None:
    length, from_place, to_place = drawn
    if to_place >= from_place:
        from_place, to_place = to_place + 1, from_place - 1
    items = [f"i{place}" for place in range(length)]
    expected = items.copy()
    expected[from_place], expected[to_place] = items[to_place], items[from_place]
    assert applied(items, swap_steps(items[from_place], from_place, to_place, items[to_place])) == expected
