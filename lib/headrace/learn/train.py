"""One training from a pinned version of history to a published model: the sequence, and what it reports."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, replace
from pathlib import Path

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from headrace.domain.catalogue import ItemMeta
from headrace.domain.model import ModelArrays
from headrace.domain.orders import Orders
from headrace.errors import BadInput
from headrace.learn.acts import acts_of
from headrace.learn.catalogue import read_catalogue
from headrace.learn.evaluation import Evaluation, evaluate, gather
from headrace.learn.fit import FitSettings, Fitted, fit
from headrace.learn.gate import FEWEST_PEOPLE, Served, Verdict, decide, served_from
from headrace.learn.history import Pin, one_row_per_event, pin, read_history, weighed
from headrace.learn.holdout import cut_of, hold_out
from headrace.learn.matrix import ItemIndex, index_items
from headrace.learn.orders import orders
from headrace.learn.people import profiles
from headrace.learn.publish import Trained, publish, shelve, tidy
from headrace.learn.stored import WithStores
from headrace.learn.wanted import History, Publication
from headrace.stores.manifest import Manifest, Origin, read_manifest
from headrace.stores.shelf import list_versions, version_of

Say = Callable[[str], None]


def train(
    spark: SparkSession,
    wanted: History,
    settings: FitSettings,
    publication: Publication,
    with_stores: WithStores,
    record: Callable[[str, Origin, Verdict], None],
    say: Say,
) -> tuple[Manifest, Verdict]:
    """Train, judge, and publish or refuse. `record` stores the verdict, `say` is told of each stage.

    Raises BadInput where there is nothing to train on.
    """
    pinned = pin(spark, wanted.ledger, wanted.version, wanted.as_of_ms, wanted.interval_end_ms)
    events = weighed(one_row_per_event(read_history(spark, wanted.ledger, pinned))).persist()
    n_events, n_people, newest_ms = _counted(events, wanted.ledger, pinned)
    say(f"ledger version {pinned.version}: {n_events:,} events of {n_people:,} people")
    catalogue = read_catalogue(spark, wanted.catalogue, wanted.currency)
    known = spark.createDataFrame([(item,) for item in catalogue.metas], "item_id string")
    index = index_items(spark, events.select("item_id").union(known))
    limit = publication.candidates_per_person
    meta = tuple(catalogue.metas.get(item) for item in index.items)
    categories = [None if row is None else row.category for row in meta]
    people, evaluation = _judged(events, index, categories, settings, limit)
    origin = Origin(
        feature_set_id=publication.feature_set_id,
        clock_ms=newest_ms if wanted.clock_ms is None else wanted.clock_ms,
        delta_version=pinned.version,
        interval_end_ms=pinned.interval_end_ms,
        parameters={**asdict(settings), "candidates_per_person": limit, "catalogue_version": catalogue.version},
        events=n_events,
        people=n_people,
    )
    fitted = fit(events, index, categories, origin.clock_ms, settings)
    ordered = orders(events, index, origin.clock_ms)
    arrays = _named(fitted, ordered, index, meta, origin)
    contexts = f"{len(ordered.contexts):,} contexts of orders"
    say(f"fitted {arrays.version}: {len(index.items):,} items, rank {settings.als.rank}, {contexts}")
    served = _served(publication.shelf, with_stores)
    verdict = decide(evaluation, people, served, publication.gate_tolerance, publication.force)
    say(f"gate: {verdict.reason}")
    record(arrays.version, origin, verdict)
    trained = Trained(
        arrays, fitted.model, meta, origin, profiles(events, fitted.pairs, fitted.people, acts_of(events, index))
    )
    if not verdict.publish:
        return shelve(trained, verdict, publication.shelf), verdict
    manifest = publish(trained, verdict, publication.shelf, limit, with_stores)
    gone = tidy(publication.shelf, manifest, publication.keep_versions, with_stores)
    say(f"published {manifest.version}: candidates of {n_people:,} people; {len(gone)} older versions removed")
    return manifest, verdict


def _counted(events: DataFrame, ledger: str, pinned: Pin) -> tuple[int, int, int]:
    """Events, people, the newest received_at. Raises BadInput on none."""
    row = events.agg(F.count(F.lit(1)), F.count_distinct("person"), F.max("received_at")).first()
    if row is None or row[0] == 0:
        until = "" if pinned.interval_end_ms is None else f" received before {pinned.interval_end_ms} ms"
        raise BadInput(
            f"nothing to train on: version {pinned.version} of the ledger at {ledger} has no event{until}; "
            "send events (or name a later version or interval), then train again"
        )
    return int(row[0]), int(row[1]), int(row[2])


def _judged(
    events: DataFrame, index: ItemIndex, categories: Sequence[str | None], settings: FitSettings, limit: int
) -> tuple[int, Evaluation | None]:
    """How many people could judge, and the evaluation of a fit that did not see their newest choices."""
    cut_ms = cut_of(events)
    if cut_ms is None:
        return 0, None
    held = hold_out(events, index, cut_ms)
    if held.people < FEWEST_PEOPLE:
        return held.people, None  # no verdict could rest on them: a fit less
    fitted = fit(held.before, index, categories, cut_ms, settings)
    known = profiles(held.relevant, fitted.pairs, fitted.people, acts_of(held.before, index))
    judges = gather(known, held.relevant, fitted.model, limit, cut_ms)
    fitted.pairs.unpersist()
    return held.people, evaluate(judges, fitted.model, held.people, cut_ms)


def _named(
    fitted: Fitted, ordered: Orders, index: ItemIndex, meta: Sequence[ItemMeta | None], origin: Origin
) -> ModelArrays:
    arrays = ModelArrays(
        version="",
        feature_set_id=origin.feature_set_id,
        items=index.items,
        index={item: place for place, item in enumerate(index.items)},
        item_factors=fitted.model.item_factors,
        neighbours=fitted.model.neighbours,
        neighbour_scores=fitted.model.neighbour_scores,
        popularity=fitted.model.popularity,
        orders=ordered,
    )
    return replace(arrays, version=version_of(arrays, meta, origin))


def _served(shelf: Path, with_stores: WithStores) -> Served | None:
    """What the served model was measured at. A lost shelf folder has nothing to compare with; serving reports it."""
    pointer = with_stores(lambda stores: stores.pointers.get())
    if pointer is None or pointer.version not in list_versions(shelf):
        return None
    return served_from(pointer.version, read_manifest(shelf, pointer.version).gate)
