"""What a decision read of the trends, as compact plain JSON and back. No lists: those of a snapshot are large."""

from __future__ import annotations

from typing import TypedDict

import numpy as np

from headrace.domain.catalogue import Catalogue
from headrace.domain.packing import ItemCode
from headrace.domain.retrieval import Pool
from headrace.domain.trend_lists import TrendValues, trend_values


class TrendsPlain(TypedDict):
    """TrendValues of the candidates that have any; items: of the model by index, any other by id."""

    id: str
    items: list[ItemCode]
    popular: list[int]
    clicked: list[int]
    most: int
    rate: int


def pack_trends(values: TrendValues, pool: Pool, model_items: int, catalogue: Catalogue) -> TrendsPlain:
    """Enough to answer again: the trends bring no candidates, so no other item's are read."""
    rows = np.flatnonzero(np.isin(values.items, pool.items))
    return TrendsPlain(
        id=values.id,
        items=[place if place < model_items else catalogue.items[place] for place in values.items[rows].tolist()],
        popular=values.popular[rows].tolist(),
        clicked=values.clicked[rows].tolist(),
        most=values.most,
        rate=values.rate,
    )


def unpack_trends(plain: TrendsPlain, catalogue: Catalogue) -> TrendValues:
    """The inverse of `pack_trends`, by the catalogue of the decision."""
    places = [item if isinstance(item, int) else catalogue.index[item] for item in plain["items"]]
    return trend_values(plain["id"], places, plain["popular"], plain["clicked"], plain["most"], plain["rate"])
