"""The candidates of one answer: what every source found, each item once. No sources, no features, no scores of ours."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

import numpy as np
from numpy.typing import NDArray

from headrace.domain.catalogue import Catalogue
from headrace.domain.compiled import compiled
from headrace.domain.model import SOURCES

CODE: Final = {name: code for code, name in enumerate(SOURCES)}
"""A source's place in SOURCES."""

PLACE_BITS: Final = 20
PLACE: Final = (1 << PLACE_BITS) - 1
"""The low bits of a sort key: where what it stands for was found, so that equal ones keep their order."""


@dataclass(frozen=True, slots=True, eq=False)
class Pool:
    """n candidates, each once, in order of item id: so nothing computed over them depends on index numbers.

    items    int64 [n]; catalogue indices
    sources  int64 [n]; bit i is set where SOURCES[i] found the item; 0 for an item that the request gave
    scores   float64 [n, len(SOURCES)]; the source's own score, 0 where it did not find the item
    """

    items: NDArray[np.int64]
    sources: NDArray[np.int64]
    scores: NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Found:
    """What one source found: catalogue indices, best first, and its scores; `source` is a place in SOURCES."""

    source: int
    items: NDArray[np.int64]
    scores: NDArray[np.float64]


def merged_pool(found: Sequence[Found], fill: NDArray[np.int64], catalogue: Catalogue, size: int) -> Pool:
    """Each item once. An item's turn is its best place in any source; ties: popularity, item id; `fill` comes last."""
    every = [*found, Found(CODE["popularity"], fill, np.zeros(len(fill)))]
    return Pool(
        *_merged(
            np.concatenate([source.items for source in every]),
            np.concatenate([source.scores for source in every]),
            np.array([len(source.items) for source in every]),
            np.array([source.source for source in every]),
            catalogue.id_rank,
            catalogue.by_id,
            catalogue.popularity,
            size,
            len(SOURCES),
        )
    )


def restricted(pool: Pool, items: NDArray[np.int64], catalogue: Catalogue) -> Pool:
    """Exactly these catalogue indices, with what `pool` knows of them and nothing where it does not."""
    given = catalogue.by_id[np.unique(catalogue.id_rank[items])]
    ranks = catalogue.id_rank[pool.items]
    places = np.searchsorted(ranks, catalogue.id_rank[given])
    hit = np.zeros(len(given), dtype=np.bool_)
    inside = places < len(ranks)
    hit[inside] = ranks[places[inside]] == catalogue.id_rank[given[inside]]
    sources = np.zeros(len(given), dtype=np.int64)
    scores = np.zeros((len(given), len(SOURCES)))
    sources[hit] = pool.sources[places[hit]]
    scores[hit] = pool.scores[places[hit]]
    return Pool(given, sources, scores)


@lru_cache(maxsize=1 << len(SOURCES))
def source_names(bits: int) -> tuple[str, ...]:
    """The sources of a bitmask, in the order of SOURCES."""
    return tuple(name for code, name in enumerate(SOURCES) if bits >> code & 1)


@compiled
def _merged(
    items: NDArray[np.int64],
    scores: NDArray[np.float64],
    lengths: NDArray[np.int64],
    codes: NDArray[np.int64],
    id_rank: NDArray[np.int64],
    by_id: NDArray[np.int64],
    popularity: NDArray[np.int64],
    size: int,
    n_sources: int,
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float64]]:
    """Found after found: `lengths` of them, of the source `codes`; the last one is what fills."""
    keys, turns = np.empty(len(items), dtype=np.int64), np.empty(len(items), dtype=np.int64)
    source = np.empty(len(items), dtype=np.int64)
    last = lengths[:-1].max() if len(lengths) > 1 else 0  # what fills comes after it
    at = 0
    for number, length in enumerate(lengths):
        later = last if number == len(lengths) - 1 else 0
        for turn in range(length):
            keys[at], turns[at], source[at] = id_rank[items[at]] << PLACE_BITS | at, turn + later, codes[number]
            at += 1
    keys = np.sort(keys)
    ids, turn_of = np.empty(len(items), dtype=np.int64), np.empty(len(items), dtype=np.int64)
    rows = -1
    for place, key in enumerate(keys):
        rank, where = key >> PLACE_BITS, key & PLACE
        if not place or rank != keys[place - 1] >> PLACE_BITS:
            rows += 1
            ids[rows], turn_of[rows] = by_id[rank], turns[where]
        turn_of[rows] = min(turn_of[rows], turns[where])
    taken = _first(turn_of[: rows + 1], popularity, ids, size)
    bits, table = np.zeros(np.count_nonzero(taken), dtype=np.int64), np.zeros((np.count_nonzero(taken), n_sources))
    rows, kept = -1, -1
    for place, key in enumerate(keys):
        rank, where = key >> PLACE_BITS, key & PLACE
        if not place or rank != keys[place - 1] >> PLACE_BITS:
            rows += 1
            kept += int(taken[rows])
        if taken[rows]:
            bits[kept] |= 1 << source[where]
            table[kept, source[where]] = max(table[kept, source[where]], scores[where])
    return ids[: len(taken)][taken], bits, table


@compiled
def _first(
    turn: NDArray[np.int64], popularity: NDArray[np.int64], ids: NDArray[np.int64], size: int
) -> NDArray[np.bool_]:
    """Which `size` rows have the first turns; ties: popularity, then row."""
    if size >= len(turn):
        return np.ones(len(turn), dtype=np.bool_)
    with_turn = np.zeros(turn.max() + 1, dtype=np.int64)
    for each in turn:
        with_turn[each] += 1
    last, left = 0, size
    while with_turn[last] <= left:
        left -= int(with_turn[last])
        last += 1
    taken, tied = turn < last, np.flatnonzero(turn == last)
    taken[tied[np.argsort(-popularity[ids[tied]], kind="mergesort")[:left]]] = True
    return taken
