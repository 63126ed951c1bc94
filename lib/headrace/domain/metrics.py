"""How good a ranked list is against what a person then did. Lists in, numbers out; no model, no split, no average.

Each function takes an *order*, never scores: ties are broken by the law that served the list (score, popularity, id)
before they come here. A metric that sorts scores itself hides ties, which on real data are worth 7 % of nDCG.
Relevance is binary. A list shorter than k counts as one whose missing places are misses; items appear once.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence, Set

import numpy as np

Ranked = Sequence[int]
Relevant = Set[int]


def ndcg_at(k: int, ranked: Ranked, relevant: Relevant) -> float:
    """Discounted gain of the hits over that of the best possible order: Järvelin and Kekäläinen, TOIS 20(4), 2002.

    Place i (from 1) is worth 1 / log2(i + 1). Hits at 1 and 3 of two relevant items: (1 + 0.5) / (1 + 0.6309).

    >>> round(ndcg_at(3, [7, 8, 9], {7, 9}), 4)
    0.9197
    >>> ndcg_at(3, [9, 7, 8], {7, 9}), ndcg_at(3, [1, 2, 3], {7})
    (1.0, 0.0)
    """
    _require_relevant(relevant)
    gain = math.fsum(1 / math.log2(place + 1) for place in _hit_places(k, ranked, relevant))
    return gain / math.fsum(1 / math.log2(place + 1) for place in range(1, min(k, len(relevant)) + 1))


def recall_at(k: int, ranked: Ranked, relevant: Relevant) -> float:
    """Share of the relevant items among the first k, at most k / |relevant| (Manning, Raghavan, Schütze 2008, 8.3).

    >>> recall_at(2, [7, 8, 9], {7, 9})
    0.5
    """
    _require_relevant(relevant)
    return len(_hit_places(k, ranked, relevant)) / len(relevant)


def hit_at(k: int, ranked: Ranked, relevant: Relevant) -> float:
    """1 if any of the first k is relevant, else 0; its mean is the hit rate (Deshpande and Karypis, TOIS 22(1), 2004).

    >>> hit_at(2, [8, 7, 9], {7}), hit_at(2, [8, 9, 7], {7})
    (1.0, 0.0)
    """
    _require_relevant(relevant)
    return 1.0 if _hit_places(k, ranked, relevant) else 0.0


def average_precision_at(k: int, ranked: Ranked, relevant: Relevant) -> float:
    """Precision at each hit, summed, over min(k, |relevant|); its mean is MAP@k (Manning et al. 2008, section 8.4).

    Hits at 1 and 3 of two relevant items: (1/1 + 2/3) / 2.

    >>> round(average_precision_at(3, [7, 8, 9], {7, 9}), 4)
    0.8333
    """
    _require_relevant(relevant)
    hits = _hit_places(k, ranked, relevant)
    return math.fsum(n / place for n, place in enumerate(hits, 1)) / min(k, len(relevant))


def coverage_at(k: int, lists: Iterable[Ranked], n_items: int) -> float:
    """Share of a catalogue of `n_items` that stands in the first k of any list (Ge et al., RecSys 2010).

    >>> coverage_at(2, [[1, 2, 3], [2, 1, 4]], 8)
    0.25
    """
    return len({item for ranked in lists for item in ranked[:k]}) / n_items if n_items else 0.0


def mean_and_error(values: Sequence[float]) -> tuple[float, float]:
    """Mean over people and its standard error, s / √n with n - 1 in s; the error of fewer than two is 0.

    >>> mean_and_error([1.0, 0.0, 1.0, 0.0])
    (0.5, 0.28867513459481287)
    """
    if not values:
        return 0.0, 0.0
    error = float(np.std(values, ddof=1)) / math.sqrt(len(values)) if len(values) > 1 else 0.0
    return math.fsum(values) / len(values), error


def _hit_places(k: int, ranked: Ranked, relevant: Relevant) -> list[int]:
    return [place for place, item in enumerate(ranked[:k], 1) if item in relevant]


def _require_relevant(relevant: Relevant) -> None:
    if not relevant:
        raise ValueError("a person with no relevant item has no metric; leave them out and say how many they were")
