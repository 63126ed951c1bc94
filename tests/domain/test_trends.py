"""Ranked lists, worked out by hand."""

import doctest

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from headrace.domain import trends as law
from headrace.domain.trends import Ranked, added, click_through, panes_within, risen, trends_of
from tests.domain.small import event


def sums(*rows: tuple[int, int, int, int]) -> np.ndarray:
    """(strength in thousandths, signals, impressions, clicks) of each item."""
    return np.array(rows, dtype=np.int64).reshape(-1, 4)


def test_the_examples_in_the_law_hold() -> None:
    assert doctest.testmod(law).failed == 0


def test_an_event_adds_its_strength_and_whether_it_is_a_signal_an_impression_or_a_click() -> None:
    events = [
        event("view", "mug"),
        event("click", "mug"),
        event("impression", "mug"),
        event("hide", "mug"),
        event("rating", "mug"),  # without stars: neutral
        event("rating", "mug", value_milli=5000),  # five stars: 5 − 3 = 2
        event("dwell", "mug", value_milli=30_000_000),  # 30 s is half of what time can say: 1
    ]
    assert added(events).tolist() == [
        [1000, 1, 0, 0],
        [1000, 1, 0, 1],
        [0, 0, 1, 0],
        [-3000, 0, 0, 0],
        [0, 0, 0, 0],
        [2000, 1, 0, 0],
        [1000, 1, 0, 0],
    ]


def test_a_window_holds_the_open_pane_and_its_own_length_before_it() -> None:
    assert [len(panes_within(window, 86_400_000)) for window in ("5m", "1h", "1d")] == [2, 13, 289]
    assert panes_within("1h", 3_600_000 + 299_999)[0] == 0


def test_popular_is_in_order_of_strength_and_ties_in_order_of_id() -> None:
    found = trends_of(
        ("b", "a", "c", "d", "e"),
        {"1d": sums((2000, 2, 0, 0), (2000, 1, 0, 0), (5000, 1, 0, 0), (0, 0, 9, 0), (-3000, 0, 0, 0))},
    )
    assert found.lists["1d", "popular"] == Ranked(("c", "a", "b"), (5_000_000, 2_000_000, 2_000_000))


def test_a_list_ends_after_its_top_with_ties_cut_by_id() -> None:
    many = tuple(f"i{number:03}" for number in range(300))
    found = trends_of(many[::-1], {"1d": sums(*[(1000, 1, 0, 0)] * 300)})
    assert found.lists["1d", "popular"].items == many[:200]


def test_few_impressions_are_drawn_towards_the_rate_of_all() -> None:
    # All: 12 clicks of 120. "lucky" 1 of 1: (1 + 5)/51; "good" 11 of 109: (11 + 5)/159; "new" 0 of 10: 5/60.
    scores, rate = click_through(np.array([1, 11, 0]), np.array([1, 109, 10]))
    assert rate == 100_000
    assert scores.tolist() == [117_647, 100_629, 83_333]


def test_clicks_without_impressions_are_no_rate() -> None:
    scores, rate = click_through(np.array([7, 0]), np.array([0, 0]))
    assert (scores.tolist(), rate) == ([0, 0], 0)
    assert trends_of(("a", "b"), {"1d": sums((7, 7, 0, 7), (0, 0, 0, 0))}).lists["1d", "click_through"].items == ()


def test_rising_is_a_share_above_the_usual_and_the_morning_lifts_nothing() -> None:
    # Before 100 and 300, now 10 and 30: ten times fewer of everything, and the same shares.
    assert risen(np.array([10, 30]), np.array([100, 300])).tolist() == [1_000_000, 1_000_000]
    # Before 200 and 200, now 30 and 10: expected 20 each: 35/25 and 15/25.
    assert risen(np.array([30, 10]), np.array([200, 200])).tolist() == [1_400_000, 600_000]


def test_in_a_worlds_first_hour_nothing_rises() -> None:
    assert risen(np.array([30, 10]), np.array([0, 0])).tolist() == [1_000_000, 1_000_000]


def test_a_tiny_count_does_not_rise_however_new_it_is() -> None:
    hour = sums((4000, 4, 0, 0), (5000, 5, 0, 0), (30_000, 30, 0, 0))
    day = hour + sums((0, 0, 0, 0), (0, 0, 0, 0), (400_000, 400, 0, 0))
    found = trends_of(("four", "five", "old"), {"1h": hour, "1d": day})
    # Expected: 0, 0 and 39; so five new signals are (5 + 5)/5, and 30 of 39 expected are a fall.
    assert found.lists["1h", "rising"] == Ranked(("five",), (2_000_000,))
    assert ("1d", "rising") not in found.lists


@given(st.lists(st.tuples(st.integers(0, 50), st.integers(0, 3), st.integers(0, 3)), max_size=30))
def test_lists_are_what_plain_sorting_gives_whatever_the_order_of_rows(rows: list[tuple[int, int, int]]) -> None:
    table = {
        f"i{place}": (1000 * strength, strength, shown, clicked)
        for place, (strength, shown, clicked) in enumerate(rows)
    }
    expected = sorted((item for item in table if table[item][0] > 0), key=lambda item: (-table[item][0], item))
    for names in (list(table), list(table)[::-1]):
        found = trends_of(names, {"1d": sums(*[table[name] for name in names])})
        assert list(found.lists["1d", "popular"].items) == expected
