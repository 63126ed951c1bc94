"""Every model fitted on one history: the sequence of fits, and what comes out. How each is fitted is its own file."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from pyspark.sql import DataFrame

from headrace.domain.catalogue import coded
from headrace.learn.als import AlsSettings, factorise
from headrace.learn.item_to_item import neighbours
from headrace.learn.matrix import ItemIndex, interactions
from headrace.learn.popularity import popularity
from headrace.learn.retrieval import Catalogue, popularity_order
from headrace.learn.weights import Weighting
from headrace.settings import Train


@dataclass(frozen=True, slots=True)
class FitSettings:
    als: AlsSettings
    weighting: Weighting
    neighbours_per_item: int


def fit_settings(train: Train, blocks: int) -> FitSettings:
    """The part of the settings that shapes a model; `blocks` as in als.AlsSettings."""
    als = AlsSettings(train.rank, train.iterations, train.regularisation, train.alpha, train.seed, blocks)
    return FitSettings(als, train.weighting, train.neighbours_per_item)


@dataclass(frozen=True, slots=True, eq=False)
class Fitted:
    """model: arrays in catalogue order. pairs: matrix.PAIRS, persisted. people: person string, factors array<float>."""

    model: Catalogue
    pairs: DataFrame
    people: DataFrame


def fit(
    events: DataFrame, index: ItemIndex, categories: Sequence[str | None], clock_ms: int, wanted: FitSettings
) -> Fitted:
    """All models on weighed, distinct `events`, as of `clock_ms`; `categories`: of each item of the index."""
    pairs = interactions(events, index, wanted.weighting).persist()
    factors = factorise(pairs, len(index.items), wanted.als)
    near = neighbours(pairs, len(index.items), wanted.neighbours_per_item)
    people = popularity(events, index, clock_ms)
    names, category = coded(categories)
    model = Catalogue(
        item_factors=factors.items,
        neighbours=near.items,
        neighbour_scores=near.scores,
        popularity=people,
        by_popularity=popularity_order(people),
        category=category,
        category_code={name: code for code, name in enumerate(names)},
    )
    return Fitted(model, pairs, factors.people)
