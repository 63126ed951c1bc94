"""A place as an integer that merges by maximum."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headrace.domain.events import Place
from headrace.domain.places import place_of, place_word

places = st.builds(Place, st.floats(-90, 90), st.floats(-180, 180))
moments = st.integers(100_000_000_000, 253_402_300_799_999)


def test_a_word_by_hand() -> None:
    # Minute 2; a step is 180°/2¹⁸: latitude 0 is half of the 2¹⁸ steps, longitude −90 a quarter of the 2¹⁹.
    assert place_word(179_999, Place(0.0, -90.0)) == 2 << 37 | (1 << 17) << 19 | 1 << 17
    half = 90 / 2**18  # degrees: the middle of the square
    assert place_of(2 << 37 | (1 << 17) << 19 | 1 << 17) == Place(half, -90 + half)
    assert place_of(0) is None


@given(moments, places)
def test_a_place_comes_back_to_half_a_step_and_fits_int64(occurred_at: int, place: Place) -> None:
    word = place_word(occurred_at, place)
    found = place_of(word)
    assert found is not None
    assert 0 < word < 2**63
    assert (found.lat, found.lon) == pytest.approx((place.lat, place.lon), abs=90 / 2**18 + 1e-9)  # 38 m


@given(moments, places, moments, places)
def test_the_greater_word_is_the_newer_minute_and_then_the_place_further_north(
    at: int, place: Place, other_at: int, other: Place
) -> None:
    newest = max(place_word(at, place), place_word(other_at, other))
    last_minute = 2**26 - 1  # in 2097; from then on all minutes are one
    minutes = min(at // 60_000, last_minute), min(other_at // 60_000, last_minute)
    if minutes[0] != minutes[1]:
        assert newest == (place_word(at, place) if minutes[0] > minutes[1] else place_word(other_at, other))
    elif abs(place.lat - other.lat) > 180 / 2**18:
        assert newest == (place_word(at, place) if place.lat > other.lat else place_word(other_at, other))
