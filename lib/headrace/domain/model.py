"""A trained model as read-only arrays: what training writes to the shelf and serving holds in memory. No files."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from headrace.domain.orders import Orders, no_orders
from headrace.domain.taste import Taste


@dataclass(frozen=True, slots=True, eq=False)
class ModelArrays:
    """n items in catalogue order, rank latent factors, k neighbours.

    items             n item ids; an item's place here is its index everywhere in this version
    index             item id → index
    item_factors      float32 [n, rank]; a row of zeros for an item without enough history
    neighbours        int32 [n, k]; indices, best first, -1 where there are fewer than k
    neighbour_scores  float32 [n, k]; cosine-like, in [0, 1]; 0 at the padding
    popularity        int64 [n]; distinct people with a positive event in the last 30 days of the world's clock
    orders            who ordered what where and when, in the last 28 days of it
    """

    version: str
    feature_set_id: str
    items: tuple[str, ...]
    index: dict[str, int]
    item_factors: NDArray[np.float32]
    neighbours: NDArray[np.int32]
    neighbour_scores: NDArray[np.float32]
    popularity: NDArray[np.int64]
    orders: Orders = field(default_factory=no_orders)


def read_only(model: ModelArrays) -> ModelArrays:
    """The same model, its arrays closed to writing: many requests share them."""
    for array in (model.item_factors, model.neighbours, model.neighbour_scores, model.popularity):
        array.flags.writeable = False
    return model


@dataclass(frozen=True, slots=True, eq=False)
class BatchCandidates:
    """What training found for one person: parallel arrays, best first, and the person's own latent factors and taste.

    items   uint32 [m]; indices into ModelArrays.items
    scores  float32 [m]; comparable within one source only
    sources uint8 [m]; places in SOURCES
    factors float32 [rank]
    taste   what their history says; None in a row of before there was one
    """

    items: NDArray[np.uint32]
    scores: NDArray[np.float32]
    sources: NDArray[np.uint8]
    factors: NDArray[np.float32]
    taste: Taste | None = None


SOURCES = ("als", "item_to_item", "popularity", "own_history", "session_neighbours", "category", "recent", "trending")
"""Where a candidate can come from, in packed order: append only. The first four are batch, the others live."""
