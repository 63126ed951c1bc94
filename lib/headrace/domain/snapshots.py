"""What one request sees from its first line to its last: model, catalogue, trends. No stores, no refreshing."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from headrace.domain.catalogue import Catalogue, catalogue_of
from headrace.domain.features import FEATURE_SET_ID
from headrace.domain.model import ModelArrays, read_only
from headrace.domain.trend_lists import TrendValues, no_trends


@dataclass(frozen=True, slots=True, eq=False)
class Snapshots:
    """Build it with `snapshots_of`, once per model or catalogue change, and share it between requests.

    gram    float64 [rank, rank]; item_factorsᵀ · item_factors, for folding people in
    trends  by index of this catalogue
    """

    model: ModelArrays
    catalogue: Catalogue
    gram: NDArray[np.float64]
    trends: TrendValues = field(default_factory=no_trends)


def snapshots_of(model: ModelArrays, catalogue: Catalogue, known: Snapshots | None = None) -> Snapshots:
    """Both as one value. `known` spares the product of a model that is already served.

    Raises ValueError where the catalogue was not built on this model.
    """
    if catalogue.base != model.version or catalogue.items[: len(model.items)] != model.items:
        raise ValueError(f"catalogue {catalogue.id} was not built on model {model.version}")
    if known is not None and known.model is model:
        return Snapshots(model, catalogue, known.gram)
    factors = model.item_factors.astype(np.float64)
    return Snapshots(model, catalogue, factors.T @ factors)


def no_model() -> ModelArrays:
    """The model before the first training: it knows no item."""
    model = ModelArrays(
        version="none",
        feature_set_id=FEATURE_SET_ID,
        items=(),
        index={},
        item_factors=np.zeros((0, 0), dtype=np.float32),
        neighbours=np.zeros((0, 0), dtype=np.int32),
        neighbour_scores=np.zeros((0, 0), dtype=np.float32),
        popularity=np.zeros(0, dtype=np.int64),
    )
    return read_only(model)


def no_snapshots() -> Snapshots:
    """What an empty system serves from; `with_changes` on its catalogue still adds items."""
    model = no_model()
    return snapshots_of(model, catalogue_of(model.version, (), model.popularity, ()))
