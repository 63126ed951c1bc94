"""What a decision read of the trends, as compact plain JSON and back. No lists: those of a snapshot are large."""

from __future__ import annotations

from typing import TypedDict

import numpy as np
from numpy.typing import NDArray

from headrace.domain.catalogue import Catalogue
from headrace.domain.compiled import compiled
from headrace.domain.packing import ItemCode
from headrace.domain.pool import Pool
from headrace.domain.trend_lists import TrendValues, trend_values


class TrendsPlain(TypedDict):
    """TrendValues of the candidates that have any; items and top: of the model by index, any other by id."""

    id: str
    items: list[ItemCode]
    popular: list[int]
    clicked: list[int]
    most: int
    rate: int
    top: list[ItemCode]


def pack_trends(values: TrendValues, pool: Pool, model_items: int, catalogue: Catalogue) -> TrendsPlain:
    """Enough to answer again: no other item's values were read."""
    rows = _rows_of(values.items, pool.items)

    def coded(places: NDArray[np.int64]) -> list[ItemCode]:
        return [place if place < model_items else catalogue.items[place] for place in places.tolist()]

    return TrendsPlain(
        id=values.id,
        items=coded(values.items[rows]),
        popular=values.popular[rows].tolist(),
        clicked=values.clicked[rows].tolist(),
        most=values.most,
        rate=values.rate,
        top=coded(values.top),
    )


@compiled
def _rows_of(keys: NDArray[np.int64], items: NDArray[np.int64]) -> NDArray[np.int64]:
    """The places of ascending keys that are among the items, ascending."""
    among = np.zeros(len(keys), dtype=np.bool_)
    for item in items:
        place = np.searchsorted(keys, item)
        if place < len(keys) and keys[place] == item:
            among[place] = True
    return np.flatnonzero(among)


def unpack_trends(plain: TrendsPlain, catalogue: Catalogue) -> TrendValues:
    """The inverse of `pack_trends`, by the catalogue of the decision."""
    items, top = (
        [item if isinstance(item, int) else catalogue.index[item] for item in codes]
        for codes in (plain["items"], plain["top"])
    )
    return trend_values(plain["id"], items, plain["popular"], plain["clicked"], plain["most"], plain["rate"], top)
