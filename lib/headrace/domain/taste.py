"""What a person likes over weeks: the law that makes a taste of their history, for training, and fades it, for all.

Acts count in whole UTC days, so that a history of any length is integer sums per day, the same in whatever order they
were added. Not here: what somebody likes at this moment (mood.py), and the latent factors, which the model learns.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from headrace.domain.affinity import sums_by
from headrace.domain.events import UNKNOWN
from headrace.domain.panes import DAY_MS

HALF_LIFE_DAYS: Final = 21
"""After three weeks an act says half as much, after a year 2⁻¹⁷. A mood's half-life is an hour (signals.py)."""

CATEGORIES: Final = 16
LIKED: Final = 10
REFUSED: Final = 20
"""How many a taste keeps, of items for and against: they are read, scored and logged with every request, so a row of it
stays below 1 kB. Refusals have places of their own: they would never outweigh what somebody buys every week."""

MOST_NAME_BYTES: Final = 600
"""Of all its categories' names together: the sender chooses them."""


@dataclass(frozen=True, slots=True, eq=False)
class Acts:
    """A person's history: n cells, each what the acts of one day on one item under one category say together.

    days            int64 [n]; whole days since 1970 UTC
    items           int64 [n]; indices into the model's items, -1 for none
    categories      n names, as the events said
    strength_milli  int64 [n]; sums of the strength of acts, in thousandths
    last_ms         occurred_at of the newest act that says anything; 0 of none
    """

    days: NDArray[np.int64]
    items: NDArray[np.int64]
    categories: tuple[str, ...]
    strength_milli: NDArray[np.int64]
    last_ms: int


@dataclass(frozen=True, slots=True, eq=False)
class Taste:
    """A history, faded to `as_of_ms`.

    categories         c names, those of the greatest strength first, liked or not; ties by name
    category_strength  float32 [c]
    items              uint32 [t], ascending; indices into the model's items: the most liked and the most refused
    item_strength      float32 [t]
    last_ms            occurred_at of the newest act that it counts: what happened after it is not in it
    """

    categories: tuple[str, ...]
    category_strength: NDArray[np.float32]
    items: NDArray[np.uint32]
    item_strength: NDArray[np.float32]
    as_of_ms: int
    last_ms: int


def share_left(happened_ms: NDArray[np.int64] | int, at_ms: int) -> NDArray[np.float64]:
    """What is left at `at_ms` of what happened then: halved every 21 days, by whole days; what is to come is of today.

    >>> share_left(np.array([DAY_MS - 1, 22 * DAY_MS]), 22 * DAY_MS).tolist(), float(share_left(0, 42 * DAY_MS))
    ([0.5, 1.0], 0.25)
    """
    days = at_ms // DAY_MS - happened_ms // DAY_MS
    return np.asarray(np.exp2(np.maximum(days, 0) / -HALF_LIFE_DAYS))


def taste_of(acts: Acts, as_of_ms: int) -> Taste:
    """The taste that a history makes: per category and per item, the sum of its days' strengths, each faded."""
    strength = acts.strength_milli / 1000.0 * share_left(acts.days * DAY_MS, as_of_ms)
    known = acts.items >= 0
    items, which = np.unique(acts.items[known], return_inverse=True)
    item_strength = sums_by(which.astype(np.int64), strength[known], len(items))
    order = _greatest_first(item_strength)
    liked = item_strength[order] > 0.0
    kept = np.sort(np.concatenate((order[liked][:LIKED], order[~liked][:REFUSED])))
    names = sorted({*acts.categories} - {UNKNOWN})
    place = {name: at for at, name in enumerate([*names, UNKNOWN])}
    codes = np.array([place[name] for name in acts.categories], dtype=np.int64)
    category_strength = sums_by(codes, strength, len(place))[: len(names)]
    chosen = _fitting(names, _greatest_first(category_strength).tolist())
    return Taste(
        categories=tuple(names[at] for at in chosen),
        category_strength=category_strength[chosen].astype(np.float32),
        items=items[kept].astype(np.uint32),
        item_strength=item_strength[kept].astype(np.float32),
        as_of_ms=as_of_ms,
        last_ms=acts.last_ms,
    )


def no_acts() -> Acts:
    """The history of somebody who did nothing that says anything."""
    nothing = np.zeros(0, dtype=np.int64)
    return Acts(nothing, nothing, (), nothing, 0)


def _greatest_first(strength: NDArray[np.float64]) -> NDArray[np.int64]:
    """Places of what is not zero, the greatest |strength| first, ties by place."""
    order = np.argsort(-np.abs(strength), kind="stable")
    return np.asarray(order[strength[order] != 0.0], dtype=np.int64)


def _fitting(names: list[str], places: list[int]) -> list[int]:
    """The first CATEGORIES of them whose names have room, a name too long for what is left passed over."""
    room, chosen = MOST_NAME_BYTES, list[int]()
    for place in places:
        size = len(names[place].encode())
        if size <= room and len(chosen) < CATEGORIES:
            room -= size
            chosen.append(place)
    return chosen
