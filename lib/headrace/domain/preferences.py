"""What a person likes at this moment, out of signals and panes: items, categories, latent factors. No candidates.

Dwell, carts and purchases move every part of it one way; skips, dislikes and hides move it back.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from headrace.domain.catalogue import Catalogue
from headrace.domain.facts import FACTS, Facts
from headrace.domain.pane_table import table_of
from headrace.domain.panes import DAY_MS, HOUR_MS, PaneKey, window_panes
from headrace.domain.signals import Signals
from headrace.domain.strength import strengths_of_facts

CONFIDENCE: Final = 40.0
"""α of Hu, Koren and Volinsky 2008, equation 1: how much more an event weighs than an unseen item."""

REGULARISATION: Final = 0.1
"""λ per item, scaled by the number of items as Spark's ALS does."""


@dataclass(frozen=True, slots=True, eq=False)
class Preferences:
    """items, item_affinity      int64 [k] ascending, float64 [k]: decayed strength of the tail on each known item
    session, hour, day           float64 [categories]: affinity in (-1, 1); 0 for the unknown category
    factors                      float64 [rank]: the person's latent factors, recent events folded in
    """

    items: NDArray[np.int64]
    item_affinity: NDArray[np.float64]
    session: NDArray[np.float64]
    hour: NDArray[np.float64]
    day: NDArray[np.float64]
    factors: NDArray[np.float64]


def preferences_of(
    signals: Signals,
    panes: Mapping[PaneKey, Facts],
    clock: int,
    catalogue: Catalogue,
    item_factors: NDArray[np.float32],
    gram: NDArray[np.float64],
    batch_factors: NDArray[np.float32] | None,
) -> Preferences:
    """The session's categories come from signals, those of the last hour and day from panes at the clock."""
    items, affinity = item_affinity(signals)
    live = signals.in_session
    session = sums_by(signals.categories[live], signals.strength[live], len(catalogue.categories))
    hour, day = _window_strength(panes, clock, catalogue)
    start = np.zeros(gram.shape[0]) if batch_factors is None else batch_factors.astype(np.float64)
    return Preferences(
        items, affinity, shrunk(session), shrunk(hour), shrunk(day), folded(start, gram, item_factors, items, affinity)
    )


def item_affinity(signals: Signals) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Known items with a strength, ascending, and the sum of their decayed strengths."""
    telling = (signals.items >= 0) & (signals.raw != 0.0)
    items, inverse = np.unique(signals.items[telling], return_inverse=True)
    return items, sums_by(inverse.astype(np.int64), signals.strength[telling], len(items))


def sums_by(codes: NDArray[np.int64], values: NDArray[np.float64], length: int) -> NDArray[np.float64]:
    """float64 [length]: the sum of the values of each code, added in the order given.

    >>> sums_by(np.array([2, 0, 2]), np.array([1.0, 5.0, 0.5]), 3).tolist()
    [5.0, 0.0, 1.5]
    """
    return np.asarray(np.bincount(codes, weights=values, minlength=length), dtype=np.float64)


def shrunk(strength: NDArray[np.float64]) -> NDArray[np.float64]:
    """Strength per category → affinity: s / (1 + Σ|s|), so that one weak event is no certainty.

    >>> shrunk(np.array([9.0, 3.0, -1.0])).tolist()
    [0.0, 0.6, -0.2]
    """
    known = strength.copy()
    known[:1] = 0.0
    return np.asarray(known / (1.0 + np.abs(known).sum()))


def folded(
    start: NDArray[np.float64],
    gram: NDArray[np.float64],
    item_factors: NDArray[np.float32],
    items: NDArray[np.int64],
    affinity: NDArray[np.float64],
) -> NDArray[np.float64]:
    """Latent factors after these items: float64 [rank].

    Hu, Koren and Volinsky 2008, equation 4, x = (YᵀY + Yᵀ(C−I)Y + λI)⁻¹ YᵀC p, taken as one step from `start`:
    x = start + (YᵀY + Yᵀ(C−I)Y + λI)⁻¹ (YᵀC p − Yᵀ(C−I)Y start), with C−I = 40·|affinity| on these items and p = 1
    where the affinity is positive, else 0. From 0 it is their formula; from trained factors, whose own confidences are
    in the model and not here, it is its first correction. Items that the model does not know say nothing.
    """
    known = items < item_factors.shape[0]
    seen = item_factors[items[known]].astype(np.float64)
    if not seen.any():
        return start
    weight = CONFIDENCE * np.abs(affinity[known])
    liked = (affinity[known] > 0).astype(np.float64)
    extra = seen.T @ (seen * weight[:, None])
    pull = ((1.0 + weight) * liked) @ seen - extra @ start
    ridge = REGULARISATION * len(seen) * np.eye(gram.shape[0])
    return np.asarray(start + np.linalg.solve(gram + extra + ridge, pull))


def _window_strength(
    panes: Mapping[PaneKey, Facts], clock: int, catalogue: Catalogue
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Strength per category over the last hour and the last day: the law of strength on summed facts."""
    table, number = table_of(panes), dict[str, int]()
    categories = np.array([number.setdefault(name, len(number)) for name, _ in table.names], dtype=np.int64)
    codes = [catalogue.category_code.get(name, 0) for name in number]
    entries = table.entries
    at = np.repeat(categories * len(FACTS), entries.sizes) + entries.places
    summed = np.zeros((2, len(codes), len(FACTS)), dtype=np.int64)
    for total, length_ms in zip(summed, (HOUR_MS, DAY_MS), strict=True):
        window = window_panes(clock, length_ms)
        inside = np.repeat((table.starts >= window.start) & (table.starts < window.stop), entries.sizes)
        # Extremes become meaningless in the sum; strengths do not read them.
        np.add.at(total.reshape(-1), at[inside], entries.values[inside])
    strength = np.zeros((2, len(catalogue.categories)))
    strength[:, codes] = strengths_of_facts(summed)
    return strength[0], strength[1]
