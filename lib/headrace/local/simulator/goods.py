"""The simulated catalogue: every item's place in the latent space, its appeal, price and words. No people."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from headrace.local.simulator.params import Params
from headrace.local.wire import WireItem

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Goods:
    """n items and c categories in a latent space of d dimensions.

    items         n wire items; an item's place here is its index everywhere in the simulation
    centres       float64 [c, d]; unit length
    places        float64 [n, d]; unit length
    category      int64 [n]; index into the parameters' categories
    quality       float64 [n]; what everybody likes about it
    log_exposure  float64 [n]; log of how often it is shown for no reason
    log_price     float64 [n]; log of its price over the price of its category; 0 where it is free
    """

    items: tuple[WireItem, ...]
    centres: Floats
    places: Floats
    category: NDArray[np.int64]
    quality: Floats
    log_exposure: Floats
    log_price: Floats


def make_goods(params: Params, seed: int) -> Goods:
    """The catalogue of a seed."""
    rng = np.random.default_rng([seed, 1])
    shape, count = params.catalogue, params.catalogue.items
    centres = unit(rng.normal(size=(len(params.categories), shape.dimensions)))
    category = np.arange(count) % len(params.categories)
    places = unit(centres[category] + shape.scatter * rng.normal(size=(count, shape.dimensions)))
    quality = shape.quality_spread * rng.normal(size=count)
    log_exposure = -shape.popularity_exponent * np.log(1.0 + rng.permutation(count))
    paid = np.array([each.price_minor > 0 for each in params.categories])[category]
    log_price = np.where(paid, shape.price_spread * rng.normal(size=count), 0.0)
    items = tuple(_item(params, rng, index, int(category[index]), float(log_price[index])) for index in range(count))
    return Goods(items, centres, places, category, quality, log_exposure, log_price)


def unit(vectors: Floats) -> Floats:
    """Each row at length 1."""
    lengths: Floats = np.sqrt((vectors * vectors).sum(axis=-1, keepdims=True))
    return vectors / lengths


def _item(params: Params, rng: np.random.Generator, index: int, category: int, log_price: float) -> WireItem:
    kind = params.categories[category]
    brand = params.words.brands[rng.integers(len(params.words.brands))]
    quality = params.words.qualities[rng.integers(len(params.words.qualities))]
    noun = kind.nouns[rng.integers(len(kind.nouns))]
    price = round(kind.price_minor * float(np.exp(log_price)))
    return WireItem(
        item_id=f"i{index + 1:04}",
        title=f"{brand} {quality} {noun}",
        category=kind.name,
        brand=brand,
        price_minor=price or None,
        currency=params.catalogue.currency if price else None,
        content_type=kind.content_type,
    )
