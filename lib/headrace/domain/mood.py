"""What a person likes at this moment and nothing else: the newest events, halved every hour. No history, no windows.

Lists are not made from it alone: their latent factors are those of the taste with these events folded in.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from headrace.domain.affinity import shrunk, sums_by
from headrace.domain.folding import folded
from headrace.domain.preferences import item_affinity, told_of
from headrace.domain.signals import Signals


@dataclass(frozen=True, slots=True, eq=False)
class Mood:
    """categories            float64 [categories]: affinity in (-1, 1); 0 for the unknown category
    items, item_affinity  int64 [k] ascending, float64 [k]: decayed strength of the newest events on each known item
    factors               float64 [rank]: those items folded in from nothing
    """

    categories: NDArray[np.float64]
    items: NDArray[np.int64]
    item_affinity: NDArray[np.float64]
    factors: NDArray[np.float64]


def mood_of(signals: Signals, categories: int, item_factors: NDArray[np.float32], gram: NDArray[np.float64]) -> Mood:
    """Of all events that the signals hold, whatever session they are of; `categories`: how many the catalogue has."""
    told = told_of(signals)
    affinity = item_affinity(signals, told)
    return Mood(
        categories=shrunk(sums_by(signals.categories, signals.strength, categories)),
        items=told.items,
        item_affinity=affinity,
        factors=folded(np.zeros(gram.shape[0]), gram, item_factors, told.items, affinity),
    )
