"""Mood and taste as /v1/people shows them: named instead of numbered, the strongest first, with their half-lives."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Final

import numpy as np
from msgspec import Meta, Struct
from numpy.typing import NDArray

from headrace.domain.catalogue import Catalogue
from headrace.domain.model import BatchCandidates
from headrace.domain.mood import mood_of
from headrace.domain.panes import DAY_MS
from headrace.domain.recommend import Known
from headrace.domain.signals import HALF_LIFE_MS
from headrace.domain.snapshots import Snapshots
from headrace.domain.taste import HALF_LIFE_DAYS

ITEMS: Final = 20


class MoodBody(Struct, frozen=True):
    """What the newest events alone say, halved every `half_life_ms` by the millisecond.

    categories: affinity in (-1, 1). items: decayed strength. factors: the latent vector folded in from nothing.
    """

    half_life_ms: int
    categories: Mapping[str, float]
    items: Mapping[str, float]
    factors: tuple[float, ...]


class TasteBody(Struct, frozen=True):
    """What the history says, halved every `half_life_ms` by the UTC day, at the clock of this answer.

    categories, items: affinity in (-1, 1); negative is refused. factors: the trained latent vector.
    """

    half_life_ms: int
    as_of_ms: Annotated[int | None, Meta(description="The training's clock; null: it does not know this person")]
    counted_until_ms: Annotated[int | None, Meta(description="When the newest act happened that the training counted")]
    newer_events: Annotated[int, Meta(description="Events of the tail after that, which are added: each counts once")]
    categories: Mapping[str, float]
    items: Mapping[str, float]
    factors: tuple[float, ...]


def mood_body(known: Known, snapshots: Snapshots) -> MoodBody:
    """At the clock that `known` was made with."""
    catalogue, model = snapshots.catalogue, snapshots.model
    mood = mood_of(known.signals, len(catalogue.categories), model.item_factors, snapshots.gram)
    return MoodBody(
        half_life_ms=HALF_LIFE_MS,
        categories=by_category(mood.categories, catalogue),
        items=strongest(mood.items, mood.item_affinity, catalogue),
        factors=tuple(mood.factors.tolist()),
    )


def taste_body(known: Known, batch: BatchCandidates | None, catalogue: Catalogue) -> TasteBody:
    """Likewise. `batch`: what training found for the person."""
    lasting, taste = known.preferences.lasting, None if batch is None else batch.taste
    items = np.union1d(lasting.counted, lasting.items)
    return TasteBody(
        half_life_ms=HALF_LIFE_DAYS * DAY_MS,
        as_of_ms=None if taste is None else taste.as_of_ms,
        counted_until_ms=None if taste is None else taste.last_ms,
        newer_events=lasting.newer,
        categories=by_category(lasting.categories, catalogue),
        items=strongest(items, lasting.affinity_to(items), catalogue),
        factors=() if batch is None else tuple(batch.factors.astype(np.float64).tolist()),
    )


def by_category(affinity: NDArray[np.float64], catalogue: Catalogue) -> dict[str, float]:
    """Affinity by name; zeros are left out."""
    return {catalogue.categories[code]: float(affinity[code]) for code in np.flatnonzero(affinity)}


def strongest(items: NDArray[np.int64], affinity: NDArray[np.float64], catalogue: Catalogue) -> dict[str, float]:
    """The items of the greatest |affinity|, by name."""
    best = np.argsort(-np.abs(affinity), kind="stable")[:ITEMS]
    return {catalogue.items[items[at]]: float(affinity[at]) for at in best}
