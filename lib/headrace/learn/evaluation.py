"""How good the lists are that a fit gives to people whose next choices it has not seen, beside the two plain rules.

Reported with repeats and without: on most data a person's own most frequent items are hard to beat, and a model that
only repeats them has learned nothing about anybody's taste.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import pyarrow as pa
from pyspark.sql import DataFrame

from headrace.domain.metrics import average_precision_at, coverage_at, hit_at, mean_and_error, ndcg_at, recall_at
from headrace.domain.scoring import WEIGHTS
from headrace.learn.people import map_people
from headrace.learn.ranking import as_served, row_of
from headrace.learn.retrieval import ALS, ITEM_TO_ITEM, OWN_HISTORY, Catalogue, Profile, find_all

K = 10
LISTS = "person string, seen array<int>, served array<int>, own array<int>, als array<int>, item_to_item array<int>"


@dataclass(frozen=True, slots=True)
class Judge:
    """One held-out person: what was theirs before the cut, what they chose after it, and the lists they would get."""

    seen: frozenset[int]
    relevant: frozenset[int]
    served: tuple[int, ...]
    own: tuple[int, ...]
    als: tuple[int, ...]
    item_to_item: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Quality:
    """Means over people at K = 10; ndcg_error is the standard error of ndcg. coverage is the share of items shown."""

    ndcg: float
    ndcg_error: float
    recall: float
    hit_rate: float
    map: float
    coverage: float


@dataclass(frozen=True, slots=True)
class Evaluation:
    """people: all with a choice on both sides of the cut. With repeats, and (`new_…`) over items new to the person.

    weights names the scoring weights that ordered the lists: serving's own at the time. lead is the mean over people
    of the model's nDCG less popularity's, lead_error its standard error: paired, so far smaller than either's own.
    """

    weights: str
    cut_ms: int
    people: int
    judged: int
    model: Quality
    own_history: Quality
    popularity: Quality
    lead: float
    lead_error: float
    new_judged: int
    new_model: Quality
    new_als: Quality
    new_item_to_item: Quality
    new_popularity: Quality


def gather(profiles: DataFrame, relevant: DataFrame, model: Catalogue, limit: int, as_of_ms: int) -> list[Judge]:
    """A judge for each person of `relevant`, on the driver: at most holdout.MOST_PEOPLE of them, by person.

    `as_of_ms`: the cut, when the lists would have been made.
    """
    shared = profiles.sparkSession.sparkContext.broadcast(model)

    def find(persons: list[str], of: list[Profile]) -> pa.RecordBatch:
        known = shared.value
        rows = [
            (
                person,
                profile.items,
                as_served(row_of(found, profile, known.popularity, limit, as_of_ms), known, WEIGHTS),
                found[OWN_HISTORY][0][:K],
                found[ALS][0][:K],
                found[ITEM_TO_ITEM][0][:K],
            )
            for person, profile, found in zip(persons, of, find_all(known, of, limit), strict=True)
        ]
        people, *lists = zip(*rows, strict=True)
        columns = [pa.array(people, pa.string()), *(pa.array(column, pa.list_(pa.int32())) for column in lists)]
        return pa.RecordBatch.from_arrays(columns, [field.split()[0] for field in LISTS.split(", ")])

    held = profiles.join(relevant.select("person"), on="person", how="left_semi")
    lists = map_people(held, model.item_factors.shape[1], find, LISTS)
    table = lists.join(relevant, on="person", how="inner").toArrow().sort_by("person")  # one row per person
    return [
        Judge(
            seen=frozenset(row["seen"]),
            relevant=frozenset(row["relevant"]),
            served=tuple(row["served"]),
            own=tuple(row["own"]),
            als=tuple(row["als"]),
            item_to_item=tuple(row["item_to_item"]),
        )
        for row in table.to_pylist()
    ]


def evaluate(judges: Sequence[Judge], model: Catalogue, people: int, cut_ms: int) -> Evaluation:
    """The served order beside its sources and two plain rules: popularity, and own history filled with popularity."""
    popular = [int(item) for item in model.by_popularity if model.popularity[item] > 0]
    n = len(model.popularity)
    new = [judge for judge in judges if judge.relevant - judge.seen]

    lead, lead_error = mean_and_error(
        [ndcg_at(K, judge.served, judge.relevant) - ndcg_at(K, popular, judge.relevant) for judge in judges]
    )

    def popular_without(seen: frozenset[int]) -> list[int]:
        return _without(popular[: K + len(seen)], seen)

    def over_all(order: Callable[[Judge], Sequence[int]]) -> Quality:
        return _quality([(order(judge), judge.relevant) for judge in judges], n)

    def over_new(order: Callable[[Judge], Sequence[int]]) -> Quality:
        return _quality([(order(judge), judge.relevant - judge.seen) for judge in new], n)

    return Evaluation(
        weights=WEIGHTS.id,
        cut_ms=cut_ms,
        people=people,
        judged=len(judges),
        model=over_all(lambda judge: judge.served),
        own_history=over_all(lambda judge: [*judge.own, *popular_without(judge.seen)]),
        popularity=over_all(lambda _: popular),
        lead=lead,
        lead_error=lead_error,
        new_judged=len(new),
        new_model=over_new(lambda judge: _without(judge.served, judge.seen)),
        new_als=over_new(lambda judge: judge.als),
        new_item_to_item=over_new(lambda judge: judge.item_to_item),
        new_popularity=over_new(lambda judge: popular_without(judge.seen)),
    )


def _without(ranked: Sequence[int], seen: frozenset[int]) -> list[int]:
    return [item for item in ranked if item not in seen]


def _quality(lists: Sequence[tuple[Sequence[int], frozenset[int]]], n_items: int) -> Quality:
    ndcg, error = mean_and_error([ndcg_at(K, ranked, relevant) for ranked, relevant in lists])
    return Quality(
        ndcg=ndcg,
        ndcg_error=error,
        recall=mean_and_error([recall_at(K, ranked, relevant) for ranked, relevant in lists])[0],
        hit_rate=mean_and_error([hit_at(K, ranked, relevant) for ranked, relevant in lists])[0],
        map=mean_and_error([average_precision_at(K, ranked, relevant) for ranked, relevant in lists])[0],
        coverage=coverage_at(K, (ranked for ranked, _ in lists), n_items),
    )
