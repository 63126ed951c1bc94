"""What a person likes at this moment, out of signals and panes: items, categories, latent factors. No candidates.

Dwell, pauses, carts and purchases move every part of it one way; skips, dislikes and hides move it back. The mood is
what the newest events say, faded within hours; the taste is what weeks of them say (taste.py), and they are apart.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from headrace.domain.affinity import looked_up, shrunk, shrunk_each, sums_by
from headrace.domain.catalogue import Catalogue
from headrace.domain.compiled import compiled
from headrace.domain.facts import FACTS, Facts
from headrace.domain.folding import folded
from headrace.domain.pane_table import table_of
from headrace.domain.panes import DAY_MS, HOUR_MS, PaneKey, window_panes
from headrace.domain.signals import Signals
from headrace.domain.strength import strengths_of_facts
from headrace.domain.taste import Taste, share_left

_N_FACTS: Final = len(FACTS)


@dataclass(frozen=True, slots=True, eq=False)
class Told:
    """rows   bool: which events of the signals say something of a known item, p of them
    items  int64 [k] ascending: those items, each once
    which  int64 [p]: the place in `items` of each such event's
    """

    rows: NDArray[np.bool_]
    items: NDArray[np.int64]
    which: NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class Lasting:
    """The taste at the clock: what training counted, faded since, and the acts after it as far as the tail reaches.

    categories               float64 [categories]: affinity in (-1, 1); 0 for the unknown category
    counted, counted_strength  int64 [t] ascending, float64 [t]: items of the training, and what is left of it
    items, newer_strength    int64 [k] ascending, float64 [k]: items of the tail, and what newer events say of them
    newer                    how many events of the tail are in it that were not in the training
    """

    categories: NDArray[np.float64]
    counted: NDArray[np.int64]
    counted_strength: NDArray[np.float64]
    items: NDArray[np.int64]
    newer_strength: NDArray[np.float64]
    newer: int

    def affinity_to(self, items: NDArray[np.int64]) -> NDArray[np.float64]:
        """In (-1, 1), to single items: both together."""
        return shrunk_each(
            looked_up(self.counted, self.counted_strength, items) + looked_up(self.items, self.newer_strength, items)
        )

    def refused(self, items: NDArray[np.int64]) -> NDArray[np.float64]:
        """The negative side of it, in [0, 1): own history has the positive one."""
        return np.maximum(-self.affinity_to(items), 0.0)


@dataclass(frozen=True, slots=True, eq=False)
class Preferences:
    """items, item_affinity      int64 [k] ascending, float64 [k]: decayed strength of the tail on each known item
    session, hour, day           float64 [categories]: affinity in (-1, 1); 0 for the unknown category
    factors                      float64 [rank]: the person's latent factors, recent events folded in
    lasting                      the taste
    """

    items: NDArray[np.int64]
    item_affinity: NDArray[np.float64]
    session: NDArray[np.float64]
    hour: NDArray[np.float64]
    day: NDArray[np.float64]
    factors: NDArray[np.float64]
    lasting: Lasting


def preferences_of(
    signals: Signals,
    panes: Mapping[PaneKey, Facts],
    clock: int,
    catalogue: Catalogue,
    item_factors: NDArray[np.float32],
    gram: NDArray[np.float64],
    batch_factors: NDArray[np.float32] | None,
    taste: Taste | None,
) -> Preferences:
    """The session's categories come from signals, those of the last hour and day from panes at the clock.

    Raises ValueError for a person's factors of another rank than the model's.
    """
    told = told_of(signals)
    affinity = item_affinity(signals, told)
    live = signals.in_session
    session = sums_by(signals.categories[live], signals.strength[live], len(catalogue.categories))
    hour, day = _window_strength(panes, clock, catalogue)
    start = np.zeros(gram.shape[0]) if batch_factors is None else batch_factors.astype(np.float64)
    if len(start) != len(gram):
        raise ValueError(f"a person has {len(start)} latent factors, the model's items have {len(gram)}")
    return Preferences(
        told.items,
        affinity,
        shrunk(session),
        shrunk(hour),
        shrunk(day),
        folded(start, gram, item_factors, told.items, affinity),
        lasting_of(taste, signals, told, clock, catalogue.category_code),
    )


def told_of(signals: Signals) -> Told:
    """Of all events."""
    return Told(*_told(signals.items, signals.raw))


@compiled
def _told(
    items: NDArray[np.int64], raw: NDArray[np.float64]
) -> tuple[NDArray[np.bool_], NDArray[np.int64], NDArray[np.int64]]:
    rows = (items >= 0) & (raw != 0.0)
    distinct = np.unique(items[rows])
    return rows, distinct, np.searchsorted(distinct, items[rows])


def item_affinity(signals: Signals, told: Told) -> NDArray[np.float64]:
    """The sum of the decayed strengths on each item: float64 [k]."""
    return sums_by(told.which, signals.strength[told.rows], len(told.items))


def lasting_of(
    taste: Taste | None, signals: Signals, told: Told, clock: int, category_code: Mapping[str, int]
) -> Lasting:
    """Nothing counts twice: an event is added if it happened after the newest act that the training counted.

    So one that came behind that act out of order waits for the next training. None: what the tail alone says.
    """
    newer = len(signals.raw) if taste is None else int(np.count_nonzero(signals.happened_ms > taste.last_ms))
    strength = signals.raw[:newer] * share_left(signals.happened_ms[:newer], clock)  # the newest come first
    of_items = strength[told.rows[:newer]]
    categories = sums_by(signals.categories[:newer], strength, len(category_code))
    newer_strength = sums_by(told.which[: len(of_items)], of_items, len(told.items))
    said = int(np.count_nonzero(strength))
    if taste is None:
        nothing = np.zeros(0, dtype=np.int64)
        return Lasting(shrunk(categories), nothing, np.zeros(0), told.items, newer_strength, said)
    left = share_left(taste.as_of_ms, clock)
    categories[[category_code.get(name, 0) for name in taste.categories]] += taste.category_strength * left
    counted = taste.items.astype(np.int64)
    return Lasting(shrunk(categories), counted, taste.item_strength * left, told.items, newer_strength, said)


def _window_strength(
    panes: Mapping[PaneKey, Facts], clock: int, catalogue: Catalogue
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Strength per category over the last hour and the last day: the law of strength on summed facts."""
    table, number = table_of(panes), dict[str, int]()
    cells = np.array([number.setdefault(name, len(number)) for name, _ in table.names], dtype=np.int64)
    codes = [catalogue.category_code.get(name, 0) for name in number]
    hour, day = window_panes(clock, HOUR_MS), window_panes(clock, DAY_MS)
    entries = table.entries
    summed = _summed(
        table.starts,
        cells,
        entries.sizes,
        entries.places,
        entries.values,
        len(codes),
        np.array([[hour.start, hour.stop], [day.start, day.stop]]),
    )
    strength = np.zeros((2, len(catalogue.categories)))
    strength[:, codes] = strengths_of_facts(summed)
    return strength[0], strength[1]


@compiled
def _summed(
    starts: NDArray[np.int64],
    cells: NDArray[np.int64],
    sizes: NDArray[np.int64],
    places: NDArray[np.int64],
    values: NDArray[np.int64],
    categories: int,
    windows: NDArray[np.int64],
) -> NDArray[np.int64]:
    """int64 [windows, categories, facts]. Extremes become meaningless in the sum; strengths do not read them."""
    summed = np.zeros((len(windows), categories, _N_FACTS), dtype=np.int64)
    at = 0
    for row, size in enumerate(sizes):
        for window in range(len(windows)):
            if windows[window, 0] <= starts[row] < windows[window, 1]:
                for entry in range(at, at + size):
                    summed[window, cells[row], places[entry]] += values[entry]
        at += size
    return summed
