"""A ranked list with everything that explains it, as values. No ranking, no JSON."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from headrace.domain.pool import Pool


@dataclass(frozen=True, slots=True)
class Step:
    """A move after scoring: the item at place `from_place` is taken out and put in at `to_place`; places from 0.

    because_item  the item that made the rule act, or None
    """

    rule: str
    item: str
    from_place: int
    to_place: int
    because_item: str | None = None


@dataclass(frozen=True, slots=True)
class Slot:
    """One served place.

    index         place in the catalogue; -1 for an item that only the request knows (rerank)
    score         micro-units; the sum of `parts`
    parts         micro-units, in the order of the policy's weights
    sources       names in model.SOURCES
    propensity    chance that this item is at this place, given everything but the seed
    score_place   place by score alone; rule_place: after the rules, before exploration
    """

    item: str
    index: int
    score: int
    parts: tuple[int, ...]
    sources: tuple[str, ...]
    propensity: float
    score_place: int
    rule_place: int


@dataclass(frozen=True, slots=True, eq=False)
class Answer:
    """What is served, and what it was chosen from.

    slots     the list; steps: the moves that lead from score order to it
    explored  the place that was drawn, or None: in most requests nothing is
    pool      the n candidates; features float32 [n, f]; parts int64 [n, p]
    order     int64 [n]; rows of the pool in their final places, the served ones first
    lacking   what there was none of: "model", "items"; what failed is known to the edge alone
    """

    slots: tuple[Slot, ...]
    steps: tuple[Step, ...]
    explored: int | None
    lacking: tuple[str, ...]
    pool: Pool
    features: NDArray[np.float32]
    parts: NDArray[np.int64]
    order: NDArray[np.int64]

    @property
    def items(self) -> tuple[str, ...]:
        """The served item ids in order."""
        return tuple(slot.item for slot in self.slots)
