"""What each batch source finds for one person, over arrays. Best first, ties by popularity, then index. No Spark.

Repeats and discoveries are kept apart: `own_history` holds only what the person already chose, the other three only
what they did not, so that none of them crowds the other out and a placement can do without either.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final

import numpy as np
from numpy.typing import NDArray

from headrace.domain.model import SOURCES
from headrace.domain.taste import Acts, no_acts

ALS: Final = SOURCES.index("als")
ITEM_TO_ITEM: Final = SOURCES.index("item_to_item")
POPULARITY: Final = SOURCES.index("popularity")
OWN_HISTORY: Final = SOURCES.index("own_history")
BATCH_SOURCES: Final = (ALS, ITEM_TO_ITEM, POPULARITY, OWN_HISTORY)

NEWEST_ITEMS: Final = 20
"""How many of a person's items ask their neighbours."""

_BLOCK_SCORES: Final = 8_000_000  # 32 MB of float32 at a time, whatever the size of the catalogue

Items = NDArray[np.int64]
Scores = NDArray[np.float32]
Found = Mapping[int, tuple[Items, Scores]]
"""source → (items, their scores within that source), best first."""


@dataclass(frozen=True, slots=True, eq=False)
class Catalogue:
    """A fitted model, with its items in order of preference at equal score.

    by_popularity  int64 [n]: indices, most popular first, then the smaller index
    category       int64 [n]: places in `category_code`, whose first is "unknown"
    """

    item_factors: NDArray[np.float32]
    neighbours: NDArray[np.int32]
    neighbour_scores: NDArray[np.float32]
    popularity: NDArray[np.int64]
    by_popularity: Items
    category: Items
    category_code: Mapping[str, int]


@dataclass(frozen=True, slots=True, eq=False)
class Profile:
    """What training knows of one person: distinct items, newest first, how often each, and their factors (or zeros).

    acts: all that they did, what speaks against an item too.
    """

    items: Items
    counts: NDArray[np.int64]
    factors: NDArray[np.float32]
    acts: Acts = field(default_factory=no_acts)


def popularity_order(popularity: NDArray[np.int64]) -> Items:
    """Indices, most popular first, then the smaller index."""
    return np.argsort(-popularity, kind="stable").astype(np.int64)


def find_all(model: Catalogue, profiles: list[Profile], limit: int) -> Iterator[Found]:
    """Up to `limit` items of each batch source for each profile, in the order of the profiles."""
    has_factors: NDArray[np.bool_] = np.any(model.item_factors, axis=1)
    ordered = model.by_popularity[has_factors[model.by_popularity]]  # ALS says nothing of an item without factors
    factors = np.ascontiguousarray(model.item_factors[ordered].T)
    place_of = np.full(len(model.popularity), -1, dtype=np.int64)
    place_of[ordered] = np.arange(len(ordered))
    step = max(1, _BLOCK_SCORES // max(1, len(ordered)))
    for start in range(0, len(profiles), step):
        block = profiles[start : start + step]
        scores = np.stack([profile.factors for profile in block]) @ factors
        for profile, row in zip(block, scores, strict=True):
            yield {
                OWN_HISTORY: own_history(model, profile, limit),
                ITEM_TO_ITEM: item_to_item(model, profile, limit),
                ALS: _als(ordered, place_of, profile, row, limit),
                POPULARITY: popular(model, profile.items, limit),
            }


def own_history(model: Catalogue, profile: Profile, limit: int) -> tuple[Items, Scores]:
    """The person's own most frequent items; the score is how often. Ties by 30-day popularity are worth 7 % of nDCG."""
    order = np.lexsort((profile.items, -model.popularity[profile.items], -profile.counts))[:limit]
    return profile.items[order], profile.counts[order].astype(np.float32)


def item_to_item(model: Catalogue, profile: Profile, limit: int) -> tuple[Items, Scores]:
    """Neighbours of the person's newest items; the nth newest speaks with weight 1/n, what several name adds up."""
    newest = profile.items[:NEWEST_ITEMS]
    named, said = model.neighbours[newest], model.neighbour_scores[newest].astype(np.float64)
    said = said / np.arange(1, len(newest) + 1)[:, None]
    real = (named >= 0) & ~np.isin(named, profile.items)
    items, which = np.unique(named[real].astype(np.int64), return_inverse=True)
    scores = np.bincount(which, weights=said[real], minlength=len(items)).astype(np.float32)
    order = np.lexsort((items, -model.popularity[items], -scores))[:limit]
    return items[order], scores[order]


def popular(model: Catalogue, seen: Items, limit: int) -> tuple[Items, Scores]:
    """The most popular items that the person has not chosen yet; an item that reached nobody lately is not popular."""
    head = model.by_popularity[: limit + len(seen)]
    unseen = head[~np.isin(head, seen) & (model.popularity[head] > 0)][:limit]
    return unseen, model.popularity[unseen].astype(np.float32)


def _als(ordered: Items, place_of: Items, profile: Profile, row: Scores, limit: int) -> tuple[Items, Scores]:
    """The best of one row of scores over `ordered`, whose order breaks ties; without factors nothing is found."""
    if not len(row) or not profile.factors.any():
        return np.zeros(0, dtype=np.int64), np.zeros(0, dtype=np.float32)
    seen = place_of[profile.items]
    row[seen[seen >= 0]] = -np.inf
    keep = min(limit, len(row))
    threshold = np.partition(row, len(row) - keep)[len(row) - keep]
    reaching = np.flatnonzero((row >= threshold) & (row > -np.inf))  # every tie at the threshold, in tie-break order
    best = reaching[np.argsort(-row[reaching], kind="stable")][:keep]
    return ordered[best], row[best]
