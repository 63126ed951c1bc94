"""Which items are scored: every source merged into one pool of candidates without duplicates. No features, no scores.

Policy: items bought before stay eligible. In online_retail a person's own most frequent items are the best list known
(nDCG@10 0.316 against 0.095 for new items only); what must not come back is named by the request's `exclude`.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import accumulate
from typing import Final

import numpy as np
from numpy.typing import NDArray

from headrace.domain.catalogue import NO_PRICE, Catalogue
from headrace.domain.compiled import compiled
from headrace.domain.inputs import Wanted
from headrace.domain.model import SOURCES, BatchCandidates, ModelArrays
from headrace.domain.pool import CODE, PLACE, PLACE_BITS, Found, Pool, merged_pool, restricted
from headrace.domain.preferences import Preferences
from headrace.domain.trend_lists import TrendValues, read_off

NEIGHBOURS_OF: Final = 20
"""Liked items of the tail, the strongest first, whose neighbours are looked up."""

CATEGORIES: Final = 3
PER_CATEGORY: Final = 30
RECENT: Final = 30
_CHUNK: Final = 1024
_NO_END: Final = int(np.iinfo(np.int64).max)


def retrieve(
    model: ModelArrays,
    catalogue: Catalogue,
    preferences: Preferences,
    batch: BatchCandidates | None,
    wanted: Wanted,
    excluded: Sequence[str],
    size: int,
    trends: TrendValues,
) -> Pool:
    """Up to `size` living items that pass the filter, `excluded` ids left out; empty only if there are none.

    Each source's best come first, in turn; popularity fills what is left. Without any sign of the person that is
    what trends, then what is popular, and without both the catalogue in order of item id.
    """
    barred = np.zeros(len(catalogue.items), dtype=np.bool_)
    barred[[catalogue.index[item] for item in excluded if item in catalogue.index]] = True
    found = _passing(found_for(model, catalogue, preferences, batch, trends), catalogue, wanted, barred)
    return merged_pool(found, _popular(catalogue, wanted, barred, size), catalogue, size)


def retrieve_given(
    model: ModelArrays,
    catalogue: Catalogue,
    preferences: Preferences,
    batch: BatchCandidates | None,
    given: NDArray[np.int64],
    trends: TrendValues,
) -> Pool:
    """A pool of exactly these catalogue indices, with whatever any source says of them: for re-ranking a page."""
    found = found_for(model, catalogue, preferences, batch, trends)
    nothing = np.empty(0, dtype=np.int64)
    return restricted(merged_pool(found, nothing, catalogue, len(catalogue.items)), given, catalogue)


def found_for(
    model: ModelArrays,
    catalogue: Catalogue,
    preferences: Preferences,
    batch: BatchCandidates | None,
    trends: TrendValues,
) -> list[Found]:
    """Every source that knows something of the person, and what trends for everybody; in a fixed order."""
    return [
        *batch_found(batch, len(model.items)),
        neighbours_found(model, preferences),
        categories_found(catalogue, preferences),
        recent_found(preferences),
        Found(CODE["trending"], trends.top, read_off(trends, trends.top)[0]),
    ]


def batch_found(batch: BatchCandidates | None, n_items: int) -> list[Found]:
    """One entry per batch source that occurs, in the order of SOURCES; indices the model does not have are dropped."""
    if batch is None:
        return []
    items, scores, counts = _by_source(batch.items, batch.scores, batch.sources, n_items, len(SOURCES))
    ends = accumulate(counts.tolist())
    return [
        Found(code, items[end - count : end], scores[end - count : end])
        for code, (count, end) in enumerate(zip(counts.tolist(), ends, strict=True))
        if count
    ]


def neighbours_found(model: ModelArrays, preferences: Preferences) -> Found:
    """Neighbours of the liked items of the tail: Σ decayed strength × similarity, best first, ties by index."""
    items, scores = _neighbours(
        preferences.items, preferences.item_affinity, model.neighbours, model.neighbour_scores, NEIGHBOURS_OF
    )
    return Found(CODE["session_neighbours"], items, scores)


def categories_found(catalogue: Catalogue, preferences: Preferences) -> Found:
    """The most popular items of the categories that the person likes now; the score is the category's affinity."""
    affinity = preferences.session + preferences.hour
    liked = np.flatnonzero(affinity > 0)
    best = liked[np.argsort(-affinity[liked], kind="stable")[:CATEGORIES]]
    shelves = [catalogue.in_category(int(code))[:PER_CATEGORY] for code in best]
    items = np.concatenate([*shelves, np.empty(0, dtype=np.int64)])
    scores = np.repeat(affinity[best], [len(shelf) for shelf in shelves])
    return Found(CODE["category"], items, scores)


def recent_found(preferences: Preferences) -> Found:
    """What the person just liked itself."""
    liked = _liked_first(preferences.items, preferences.item_affinity, _NO_END)[:RECENT]
    return Found(CODE["recent"], preferences.items[liked], preferences.item_affinity[liked])


@compiled
def _by_source(
    items: NDArray[np.uint32], scores: NDArray[np.float32], sources: NDArray[np.uint8], n_items: int, n_sources: int
) -> tuple[NDArray[np.int64], NDArray[np.float64], NDArray[np.int64]]:
    """Items and scores, source after source, in the order given within each; and how many each source has."""
    counts = np.zeros(n_sources, dtype=np.int64)
    for row, source in enumerate(sources):
        if source < n_sources and items[row] < n_items:
            counts[source] += 1
    next_of = np.cumsum(counts) - counts
    found, theirs = np.empty(counts.sum(), dtype=np.int64), np.empty(counts.sum())
    for row, source in enumerate(sources):
        if source < n_sources and items[row] < n_items:
            found[next_of[source]], theirs[next_of[source]] = items[row], scores[row]
            next_of[source] += 1
    return found, theirs, counts


@compiled
def _neighbours(
    items: NDArray[np.int64],
    affinity: NDArray[np.float64],
    neighbours: NDArray[np.int32],
    similarity: NDArray[np.float32],
    most: int,
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    liked, width = _liked_first(items, affinity, len(neighbours))[:most], neighbours.shape[1]
    keys = np.empty(len(liked) * width, dtype=np.int64)  # neighbour first, then where it was found: sums add in order
    count = 0
    for row, place in enumerate(liked):
        for column in range(width):
            neighbour = np.int64(neighbours[items[place], column])
            if neighbour >= 0:
                keys[count] = neighbour << PLACE_BITS | (row * width + column)
                count += 1
    keys = np.sort(keys[:count])
    found, scores = np.empty(count, dtype=np.int64), np.empty(count)
    distinct = 0
    for key in keys:
        neighbour, at = key >> PLACE_BITS, key & PLACE
        place = liked[at // width]
        score = np.float64(similarity[items[place], at % width]) * affinity[place]
        if distinct and found[distinct - 1] == neighbour:
            scores[distinct - 1] += score
        else:
            found[distinct], scores[distinct] = neighbour, score
            distinct += 1
    order = np.argsort(-scores[:distinct], kind="mergesort")
    return found[order], scores[order]


@compiled
def _liked_first(items: NDArray[np.int64], affinity: NDArray[np.float64], end: int) -> NDArray[np.int64]:
    """Places of the items below `end` that are liked, the most liked first, ties in the order given."""
    liked = np.empty(len(items), dtype=np.int64)
    count = 0
    for place in range(len(items)):
        if affinity[place] > 0 and items[place] < end:
            liked[count] = place
            count += 1
    liked = liked[:count]
    return liked[np.argsort(-affinity[liked], kind="mergesort")]


def _passing(
    found: Sequence[Found], catalogue: Catalogue, wanted: Wanted, barred: NDArray[np.bool_]
) -> Sequence[Found]:
    passes = _eligible(np.concatenate([source.items for source in found]), catalogue, wanted, barred)
    if passes.all():
        return found
    ends = list(accumulate(len(source.items) for source in found))
    return [
        Found(source.source, source.items[passes[start:end]], source.scores[passes[start:end]])
        for source, start, end in zip(found, [0, *ends], ends, strict=False)
    ]


def _popular(catalogue: Catalogue, wanted: Wanted, barred: NDArray[np.bool_], size: int) -> NDArray[np.int64]:
    """The `size` most popular eligible items; looks no further down than it must."""
    chunks: list[NDArray[np.int64]] = [np.empty(0, dtype=np.int64)]
    for start in range(0, len(catalogue.by_popularity), _CHUNK):
        chunk = catalogue.by_popularity[start : start + _CHUNK]
        chunks.append(chunk[_eligible(chunk, catalogue, wanted, barred)])
        if sum(map(len, chunks)) >= size:
            break
    return np.concatenate(chunks)[:size]


def _eligible(
    items: NDArray[np.int64], catalogue: Catalogue, wanted: Wanted, barred: NDArray[np.bool_]
) -> NDArray[np.bool_]:
    passes = catalogue.alive[items] & ~barred[items]
    if wanted.categories:
        codes = [catalogue.category_code[name] for name in wanted.categories if name in catalogue.category_code]
        passes &= np.isin(catalogue.category[items], codes)
    if wanted.content_types:
        types = [code for code, name in enumerate(catalogue.content_types) if name in wanted.content_types]
        passes &= np.isin(catalogue.content_type[items], types)
    if wanted.price_from is not None or wanted.price_to is not None:
        price = catalogue.price_minor[items]
        passes &= price != NO_PRICE
        if wanted.price_from is not None:
            passes &= price >= wanted.price_from
        if wanted.price_to is not None:
            passes &= price <= wanted.price_to
    return passes
