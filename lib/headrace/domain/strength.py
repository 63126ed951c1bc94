"""How much an event says that its person likes its item: one table, for serving and training alike. No decay, no sums.

All strengths are float64 around 0: positive is liking, negative is the opposite, 0 says nothing.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from headrace.domain.events import KINDS
from headrace.domain.facts import PLACE_OF

KIND_STRENGTH: Final = {
    "impression": 0.0,
    "view": 1.0,
    "click": 1.0,
    "search": 0.0,
    "rating": 0.0,
    "like": 3.0,
    "dislike": -2.0,
    "hide": -3.0,
    "cart": 3.0,
    "uncart": -1.5,
    "purchase": 5.0,
    "watch": 0.0,
    "pause": 0.0,
    "dwell": 0.0,
    "skip": -1.0,
    "playlist_add": 3.0,
}
"""What the kind alone says. rating, watch and dwell speak through their value."""

STRENGTHS: Final = np.array([KIND_STRENGTH[kind] for kind in KINDS])
"""KIND_STRENGTH in the order of KINDS."""

KIND_CODE: Final = {kind: code for code, kind in enumerate(KINDS)}
NEUTRAL_STARS: Final = 3.0
MOST_OF_STARS: Final = 2.0
MOST_OF_TIME: Final = 2.0
HALF_DWELL_MS: Final = 30_000.0
HALF_WATCH_MS: Final = 120_000.0

_RATING, _WATCH, _DWELL = KIND_CODE["rating"], KIND_CODE["watch"], KIND_CODE["dwell"]


def neutral_value_milli(kind: str) -> int:
    """The value that an event of this kind without a value counts as: three stars, no time.

    >>> neutral_value_milli("rating"), neutral_value_milli("dwell")
    (3000, 0)
    """
    return int(NEUTRAL_STARS * 1000) if kind == "rating" else 0


def strengths(kinds: NDArray[np.int64], value_milli: NDArray[np.int64]) -> NDArray[np.float64]:
    """Strength of each event, float64 [n].

    kinds int64 [n]: places in KINDS; value_milli int64 [n]: the event's value, `neutral_value_milli` where absent.
    Time saturates, most·t/(t + half), so that an open tab does not outweigh a purchase; stars count from three, ±2.

    >>> strengths(np.array([KIND_CODE["purchase"], KIND_CODE["dwell"]]), np.array([1000, 30_000_000])).tolist()
    [5.0, 1.0]
    """
    value = value_milli / 1000.0
    by_value = np.where(kinds == _RATING, _within(value - NEUTRAL_STARS, MOST_OF_STARS), 0.0)
    by_value += np.where(kinds == _DWELL, _saturated(value, HALF_DWELL_MS), 0.0)
    by_value += np.where(kinds == _WATCH, _saturated(value, HALF_WATCH_MS), 0.0)
    return np.asarray(STRENGTHS[kinds] + by_value)


def strengths_of_facts(facts: NDArray[np.int64]) -> NDArray[np.float64]:
    """Strength of packed counts: int64 [..., len(FACTS)] → float64 [...]; for one event it equals `strengths`."""
    stars = facts[..., PLACE_OF["rating_milli"]] / 1000.0
    rated = facts[..., PLACE_OF["n_rating"]]
    return np.asarray(
        facts[..., : len(KINDS)] @ STRENGTHS
        + _within(stars - NEUTRAL_STARS * rated, np.asarray(MOST_OF_STARS * rated, dtype=np.float64))
        + _saturated(facts[..., PLACE_OF["dwell_ms"]], HALF_DWELL_MS)
        + _saturated(facts[..., PLACE_OF["watch_ms"]], HALF_WATCH_MS)
    )


def _within(stars: NDArray[np.float64], most: NDArray[np.float64] | float) -> NDArray[np.float64]:
    return np.asarray(np.minimum(np.maximum(stars, -most), most))  # np.clip takes three times as long


def _saturated(ms: NDArray[np.int64] | NDArray[np.float64], half_ms: float) -> NDArray[np.float64]:
    time = np.maximum(ms, 0.0)
    return np.asarray(MOST_OF_TIME * time / (time + half_ms))
