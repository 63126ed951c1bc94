"""Latent factors with the newest events folded in: one least-squares step at request time. No training, no scores."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from headrace.domain.compiled import compiled

CONFIDENCE: Final = 40.0
"""α of Hu, Koren and Volinsky 2008, equation 1: how much more an event weighs than an unseen item."""

REGULARISATION: Final = 0.1
"""λ per item, scaled by the number of items as Spark's ALS does."""


@compiled
def folded(
    start: NDArray[np.float64],
    gram: NDArray[np.float64],
    item_factors: NDArray[np.float32],
    items: NDArray[np.int64],
    affinity: NDArray[np.float64],
) -> NDArray[np.float64]:
    """Latent factors after these items: float64 [rank].

    Hu, Koren and Volinsky 2008, equation 4, x = (YᵀY + Yᵀ(C−I)Y + λI)⁻¹ YᵀC p, taken as one step from `start`:
    x = start + (YᵀY + Yᵀ(C−I)Y + λI)⁻¹ Yᵀ(p + (C−I)(p − Y start)), with C−I = 40·|affinity| on these items and p = 1
    where the affinity is positive, -1 where it is negative. From 0 it is their formula, whose p has no -1: a refused
    item would hold back there and never push. From trained factors, whose own confidences are in the model and not
    here, it is its first correction. An item already beyond its p is not pulled back: liking never lowers a score, nor
    refusing raises one. Items that the model does not know say nothing.
    """
    rank = len(gram)
    left, right = gram.copy(), np.zeros(rank)
    known, says = 0, False
    seen = np.empty(rank)
    for row, item in enumerate(items):
        if item >= len(item_factors):
            continue
        known += 1
        weight, p, fit = CONFIDENCE * abs(affinity[row]), np.sign(affinity[row]), 0.0
        for place in range(rank):
            seen[place] = item_factors[item, place]
            says = says or seen[place] != 0.0
            fit += seen[place] * start[place]
        pull = p * (1.0 + weight * max(1.0 - p * fit, 0.0))
        for place in range(rank):
            right[place] += pull * seen[place]
            for other in range(place + 1):
                left[place, other] += weight * seen[place] * seen[other]
    if not says:
        return start
    for place in range(rank):
        left[place, place] += REGULARISATION * known
    return start + _solved(left, right)


@compiled
def _solved(left: NDArray[np.float64], right: NDArray[np.float64]) -> NDArray[np.float64]:
    """x of left · x = right, where left, of which the lower half is read, is symmetric and positive definite.

    Cholesky, row by row: Golub and Van Loan 2013, section 4.2.
    """
    rank = len(right)
    lower, x = left.copy(), right.copy()
    for row in range(rank):
        for column in range(row + 1):
            rest = lower[row, column]
            for place in range(column):
                rest -= lower[row, place] * lower[column, place]
            lower[row, column] = np.sqrt(rest) if row == column else rest / lower[column, column]
    for row in range(rank):
        for place in range(row):
            x[row] -= lower[row, place] * x[place]
        x[row] /= lower[row, row]
    for row in range(rank - 1, -1, -1):
        for place in range(row + 1, rank):
            x[row] -= lower[place, row] * x[place]
        x[row] /= lower[row, row]
    return x
