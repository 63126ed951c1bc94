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

from headrace.domain.affinity import shrunk, shrunk_each, sums_by
from headrace.domain.catalogue import Catalogue
from headrace.domain.facts import FACTS, Facts
from headrace.domain.pane_table import table_of
from headrace.domain.panes import DAY_MS, HOUR_MS, PaneKey, window_panes
from headrace.domain.signals import Signals
from headrace.domain.strength import strengths_of_facts
from headrace.domain.taste import Taste, faded

CONFIDENCE: Final = 40.0
"""α of Hu, Koren and Volinsky 2008, equation 1: how much more an event weighs than an unseen item."""

REGULARISATION: Final = 0.1
"""λ per item, scaled by the number of items as Spark's ALS does."""


@dataclass(frozen=True, slots=True, eq=False)
class Lasting:
    """The taste at the clock: what training counted, faded since, and the acts after it as far as the tail reaches.

    categories            float64 [categories]: affinity in (-1, 1); 0 for the unknown category
    items, item_affinity  int64 [t] ascending, float64 [t]: affinity in (-1, 1) to single items
    newer                 how many events of the tail were not in the training
    """

    categories: NDArray[np.float64]
    items: NDArray[np.int64]
    item_affinity: NDArray[np.float64]
    newer: int


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
    """The session's categories come from signals, those of the last hour and day from panes at the clock."""
    items, affinity = item_affinity(signals)
    live = signals.in_session
    session = sums_by(signals.categories[live], signals.strength[live], len(catalogue.categories))
    hour, day = _window_strength(panes, clock, catalogue)
    start = np.zeros(gram.shape[0]) if batch_factors is None else batch_factors.astype(np.float64)
    return Preferences(
        items,
        affinity,
        shrunk(session),
        shrunk(hour),
        shrunk(day),
        folded(start, gram, item_factors, items, affinity),
        lasting_of(taste, signals, clock, catalogue.category_code),
    )


def lasting_of(taste: Taste | None, signals: Signals, clock: int, category_code: Mapping[str, int]) -> Lasting:
    """Nothing counts twice: an event is added if it happened after the newest act that the training counted.

    So one that came behind that act out of order waits for the next training. None: what the tail alone says.
    """
    newer = (signals.happened_ms > (-1 if taste is None else taste.last_ms)) & (signals.raw != 0.0)
    strength = faded(signals.raw[newer], signals.happened_ms[newer], clock)
    categories = sums_by(signals.categories[newer], strength, len(category_code))
    items = signals.items[newer]
    said = items >= 0
    items, item_strength = items[said], strength[said]
    if taste is not None:
        codes = [category_code.get(name, 0) for name in taste.categories]
        categories[codes] += faded(taste.category_strength.astype(np.float64), taste.as_of_ms, clock)
        items = np.concatenate((taste.items.astype(np.int64), items))
        before = faded(taste.item_strength.astype(np.float64), taste.as_of_ms, clock)
        item_strength = np.concatenate((before, item_strength))
    distinct, which = np.unique(items, return_inverse=True)
    summed = sums_by(which.astype(np.int64), item_strength, len(distinct))
    return Lasting(shrunk(categories), distinct, shrunk_each(summed), int(np.count_nonzero(newer)))


def item_affinity(signals: Signals) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Known items with a strength, ascending, and the sum of their decayed strengths."""
    telling = (signals.items >= 0) & (signals.raw != 0.0)
    items, inverse = np.unique(signals.items[telling], return_inverse=True)
    return items, sums_by(inverse.astype(np.int64), signals.strength[telling], len(items))


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
    known = items < item_factors.shape[0]
    seen = item_factors[items[known]].astype(np.float64)
    if not seen.any():
        return start
    weight, p = CONFIDENCE * np.abs(affinity[known]), np.sign(affinity[known])
    short = np.maximum(1.0 - p * (seen @ start), 0.0)
    pull = (p * (1.0 + weight * short)) @ seen
    extra = seen.T @ (seen * weight[:, None])
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
