"""A list of what is popular, clicked or rising, for anybody. No person, no session."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice

from headrace.domain.catalogue import Catalogue
from headrace.domain.trends import Trends


@dataclass(frozen=True, slots=True)
class Trending:
    """index: in the catalogue; score: as domain/trends.py has it, 0 for one that is only popular by the model."""

    item: str
    index: int
    score: int
    source: str


def trending(
    trends: Trends | None, catalogue: Catalogue, window: str, kind: str, category: str | None, limit: int
) -> tuple[Trending, ...]:
    """Up to `limit` living items of the list, those of one category where it is given.

    Without any trends: what was popular when the model was trained.
    """
    living = (one for one in _listed(trends, catalogue, window, kind) if catalogue.alive[one.index])
    if category is not None:
        code = catalogue.category_code.get(category, -1)
        living = (one for one in living if catalogue.category[one.index] == code)
    return tuple(islice(living, limit))


def _listed(trends: Trends | None, catalogue: Catalogue, window: str, kind: str) -> Iterator[Trending]:
    if trends is None:
        for index in catalogue.by_popularity.tolist():
            yield Trending(catalogue.items[index], index, 0, "popularity")
        return
    ranked = trends.lists[window, kind]
    for item, score in zip(ranked.items, ranked.scores, strict=True):
        if item in catalogue.index:
            yield Trending(item, catalogue.index[item], score, kind)
