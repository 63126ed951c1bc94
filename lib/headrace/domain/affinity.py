"""From strengths to affinities: sums by code, what is left of a sum when little was said, looking up. No decay."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from headrace.domain.compiled import compiled


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


def shrunk_each(strength: NDArray[np.float64]) -> NDArray[np.float64]:
    """Strength per item → affinity in (-1, 1), each for itself: s / (1 + |s|).

    >>> shrunk_each(np.array([3.0, -1.0])).tolist()
    [0.75, -0.5]
    """
    return np.asarray(strength / (1.0 + np.abs(strength)))


@compiled
def looked_up(keys: NDArray[np.int64], values: NDArray[np.float64], items: NDArray[np.int64]) -> NDArray[np.float64]:
    """values[i] where keys[i] == item, else 0; keys ascending."""
    found = np.zeros(len(items))
    for row, item in enumerate(items):
        place = np.searchsorted(keys, item)
        if place < len(keys) and keys[place] == item:
            found[row] = values[place]
    return found
