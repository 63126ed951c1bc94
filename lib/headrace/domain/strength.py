"""How much an event says that its person likes its item: one table, for serving and training alike. No decay, no sums.

All strengths are float64 around 0: positive is liking, negative is the opposite, 0 says nothing.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from headrace.domain.compiled import compiled
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
"""What the kind alone says. rating, watch, dwell and pause speak through their value."""

STRENGTHS: Final = np.array([KIND_STRENGTH[kind] for kind in KINDS])
"""KIND_STRENGTH in the order of KINDS."""

KIND_CODE: Final = {kind: code for code, kind in enumerate(KINDS)}
NEUTRAL_STARS: Final = 3.0
MOST_OF_STARS: Final = 2.0
MOST_OF_TIME: Final = 2.0
HALF_DWELL_MS: Final = 30_000.0
HALF_WATCH_MS: Final = 120_000.0
MOST_OF_PAUSE: Final = 1.0
HALF_PAUSE_MS: Final = 10_000.0
"""Stopping at an item is a look at it, and soon says so; a pause of hours is somebody gone for a walk."""

TIMED: Final = {
    "dwell": (MOST_OF_TIME, HALF_DWELL_MS),
    "watch": (MOST_OF_TIME, HALF_WATCH_MS),
    "pause": (MOST_OF_PAUSE, HALF_PAUSE_MS),
}
"""kind → (what endless time says, ms that say half of it)."""

_RATING: Final = KIND_CODE["rating"]
_MOST: Final = np.array([TIMED.get(kind, (0.0, 1.0))[0] for kind in KINDS])
_HALF_MS: Final = np.array([TIMED.get(kind, (0.0, 1.0))[1] for kind in KINDS])
_KINDS: Final = len(KINDS)
_RATED: Final = PLACE_OF["n_rating"]
_STARS: Final = PLACE_OF["rating_milli"]
_TIMED_KINDS: Final = np.array([KIND_CODE[kind] for kind in TIMED])
_TIMED_FACTS: Final = np.array([PLACE_OF[f"{kind}_ms"] for kind in TIMED])


def neutral_value_milli(kind: str) -> int:
    """The value that an event of this kind without a value counts as: three stars, no time.

    >>> neutral_value_milli("rating"), neutral_value_milli("dwell")
    (3000, 0)
    """
    return int(NEUTRAL_STARS * 1000) if kind == "rating" else 0


@compiled
def strengths(kinds: NDArray[np.int64], value_milli: NDArray[np.int64]) -> NDArray[np.float64]:
    """Strength of each event, float64 [n].

    kinds int64 [n]: places in KINDS; value_milli int64 [n]: the event's value, `neutral_value_milli` where absent.
    Time saturates, most·t/(t + half), so that an open tab does not outweigh a purchase; stars count from three, ±2.

    >>> strengths(np.array([KIND_CODE["purchase"], KIND_CODE["dwell"]]), np.array([1000, 30_000_000])).tolist()
    [5.0, 1.0]
    """
    strength = np.empty(len(kinds))
    for event, kind in enumerate(kinds):
        value = value_milli[event] / 1000.0
        stars = _within(value - NEUTRAL_STARS, MOST_OF_STARS) if kind == _RATING else 0.0
        strength[event] = STRENGTHS[kind] + stars + _saturated(value, kind)
    return strength


def strengths_of_facts(facts: NDArray[np.int64]) -> NDArray[np.float64]:
    """Strength of packed counts: int64 [..., len(FACTS)] → float64 [...]; for one event it equals `strengths`."""
    return _of_facts(facts.reshape(-1, facts.shape[-1])).reshape(facts.shape[:-1])


@compiled
def _of_facts(facts: NDArray[np.int64]) -> NDArray[np.float64]:
    strength = np.zeros(len(facts))
    for row in range(len(facts)):
        for kind in range(_KINDS):
            strength[row] += facts[row, kind] * STRENGTHS[kind]
        rated, stars = facts[row, _RATED], facts[row, _STARS] / 1000.0
        strength[row] += _within(stars - NEUTRAL_STARS * rated, MOST_OF_STARS * rated)
        for place, kind in enumerate(_TIMED_KINDS):
            strength[row] += _saturated(float(facts[row, _TIMED_FACTS[place]]), kind)
    return strength


@compiled
def _within(stars: float, most: float) -> float:
    return min(max(stars, -most), most)


@compiled
def _saturated(ms: float, kind: int) -> float:
    time = max(ms, 0.0)
    return float(_MOST[kind] * time / (time + _HALF_MS[kind]))
