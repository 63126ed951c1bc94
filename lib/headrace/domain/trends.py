"""What is popular, clicked and rising now: sums over the last panes in, short ranked lists out. No events, no state.

An item's sums count a person once per kind and pane, so that one busy visitor or bot cannot make a trend.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from headrace.domain.events import Event
from headrace.domain.panes import DAY_MS, HOUR_MS, PANE_MS, window_panes
from headrace.domain.strength import KIND_CODE, neutral_value_milli, strengths

WINDOWS: Final = {"5m": PANE_MS, "1h": HOUR_MS, "1d": DAY_MS}
"""Name → ms. The open pane comes on top, so a window is up to five minutes longer: one that ended with the open pane
would be empty every five minutes."""

KINDS_OF_LIST: Final = ("popular", "rising", "click_through")
TOP: Final = 200
"""Items of a list at most."""

SUMS: Final = ("strength_milli", "signals", "impressions", "clicks")
"""The columns of sums: strength (domain/strength.py) in thousandths, events whose strength is above 0, two kinds."""

PRIOR_IMPRESSIONS: Final = 50.0
"""What the average of all items weighs in the click-through of each. At a usual rate of some percent an item needs
about as many impressions before its own clicks say more than that average."""

PRIOR_SIGNALS: Final = 5.0
LEAST_SIGNALS: Final = 5
"""An item that rises has at least so many signals in the window; its ratio is drawn towards 1 by so many more."""

_MICRO: Final = 1_000_000
_STRENGTH, _SIGNALS, _IMPRESSIONS, _CLICKS = range(len(SUMS))


@dataclass(frozen=True, slots=True)
class Ranked:
    """Items, best first, ties by id; scores in millionths."""

    items: tuple[str, ...]
    scores: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Trends:
    """The lists, by window and kind; a day has no `rising`. rates: window → clicks per impression in millionths."""

    lists: Mapping[tuple[str, str], Ranked]
    rates: Mapping[str, int]


def panes_within(window: str, clock: int) -> range:
    """Starts of the panes of a window at the clock.

    >>> list(panes_within("5m", 600_001))
    [300000, 600000]
    """
    return window_panes(clock, WINDOWS[window] + PANE_MS)


def added(events: Sequence[Event]) -> NDArray[np.int64]:
    """What each event adds to the sums of its item: int64 [n, len(SUMS)]."""
    kinds = np.array([KIND_CODE[event.kind] for event in events], dtype=np.int64)
    values = [neutral_value_milli(one.kind) if one.value_milli is None else one.value_milli for one in events]
    strength = np.rint(1000.0 * strengths(kinds, np.array(values, dtype=np.int64))).astype(np.int64)
    impressions, clicks = (kinds == KIND_CODE[kind] for kind in ("impression", "click"))
    return np.column_stack((strength, strength > 0, impressions, clicks)).astype(np.int64)


def trends_of(items: Sequence[str], sums: Mapping[str, NDArray[np.int64]], top: int = TOP) -> Trends:
    """The lists out of each window's sums: int64 [len(items), len(SUMS)], row by row those of `items`."""
    lists: dict[tuple[str, str], Ranked] = {}
    rates: dict[str, int] = {}
    for window, of_window in sums.items():
        lists[window, "popular"] = _ranked(items, of_window[:, _STRENGTH] * 1000, of_window[:, _STRENGTH] > 0, top)
        if window != "1d":
            rise = risen(of_window[:, _SIGNALS], sums["1d"][:, _SIGNALS] - of_window[:, _SIGNALS])
            rises = (rise > _MICRO) & (of_window[:, _SIGNALS] >= LEAST_SIGNALS)
            lists[window, "rising"] = _ranked(items, rise, rises, top)
        clicked, rates[window] = click_through(of_window[:, _CLICKS], of_window[:, _IMPRESSIONS])
        lists[window, "click_through"] = _ranked(items, clicked, of_window[:, _IMPRESSIONS] > 0, top)
    return Trends(lists, rates)


def click_through(clicks: NDArray[np.int64], impressions: NDArray[np.int64]) -> tuple[NDArray[np.int64], int]:
    """Clicks per impression of each item, drawn towards that of all items together; and the latter. In millionths.

    The mean of the beta posterior of a binomial (Gelman et al., Bayesian Data Analysis, 3rd ed., 2.4 and 5.3), its
    prior centred on the rate of all: (clicks + k·rate) / (impressions + k), k = PRIOR_IMPRESSIONS. Clicks above the
    impressions, which are then not all reported, do not count. Without any impression the rate is 0.

    >>> click_through(np.array([1, 10]), np.array([1, 109]))  # of all 10 %: (1 + 5) / 51 and (10 + 5) / 159
    (array([117647,  94340]), 100000)
    """
    seen = np.minimum(clicks, impressions)
    shown = int(impressions.sum())
    rate = int(seen.sum()) / shown if shown else 0.0
    drawn = (seen + PRIOR_IMPRESSIONS * rate) / (impressions + PRIOR_IMPRESSIONS)
    return np.rint(drawn * _MICRO).astype(np.int64), round(rate * _MICRO)


def risen(now: NDArray[np.int64], before: NDArray[np.int64]) -> NDArray[np.int64]:
    """How many times its usual share of all signals each item has now, in millionths; 1 where nothing tells.

    Gamma-Poisson shrinkage (DuMouchel 1999, "Bayesian data mining in large frequency tables", with one gamma of mean
    1): with `now` ~ Poisson(λ·expected) and λ ~ Gamma(k, k) the mean of λ is (now + k) / (expected + k), k =
    PRIOR_SIGNALS. Expected is the item's share of all signals before times all signals now, so that the morning, when
    everything rises, lifts nothing. Without anything before, nothing rises.

    >>> risen(np.array([20, 5, 0]), np.array([0, 100, 400])).tolist()  # 25 signals now: expected 0, 5 and 20
    [5000000, 1000000, 200000]
    """
    all_before = int(before.sum())
    if all_before <= 0:
        return np.full(len(now), _MICRO, dtype=np.int64)
    expected = before * (int(now.sum()) / all_before)
    times = (now + PRIOR_SIGNALS) / (expected + PRIOR_SIGNALS)
    return np.asarray(np.rint(times * _MICRO), dtype=np.int64)


def _ranked(items: Sequence[str], scores: NDArray[np.int64], listed: NDArray[np.bool_], top: int) -> Ranked:
    places = np.flatnonzero(listed)
    if len(places) > top:
        last = np.partition(scores[places], len(places) - top)[len(places) - top]
        places = places[scores[places] >= last]  # with everyone who ties with the last one
    best = sorted((-score, items[place]) for place, score in zip(places.tolist(), scores[places].tolist(), strict=True))
    return Ranked(tuple([item for _, item in best[:top]]), tuple([-score for score, _ in best[:top]]))
