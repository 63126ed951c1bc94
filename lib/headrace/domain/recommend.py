"""The whole law as one pure function: inputs, snapshots and policy in, an answer out. No stores, no clock, no HTTP."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from headrace.domain import features
from headrace.domain.answer import Answer, Slot, Step
from headrace.domain.exploration import Draw, draw, swap_steps
from headrace.domain.here import Here
from headrace.domain.inputs import Inputs
from headrace.domain.marks import Marks, marks_of
from headrace.domain.order import allowed_by_cap, capped, score_order
from headrace.domain.policy import Policy
from headrace.domain.pool import Pool, source_names
from headrace.domain.preferences import Preferences, preferences_of
from headrace.domain.retrieval import retrieve, retrieve_given
from headrace.domain.scoring import score_parts, scores_of
from headrace.domain.session import Session, live_session, merged
from headrace.domain.signals import Signals, signals_of, unwanted_items
from headrace.domain.snapshots import Snapshots


@dataclass(frozen=True, slots=True, eq=False)
class Known:
    """What the inputs say about the person. `unwanted`: items whose newest word from them is hide or dislike."""

    signals: Signals
    marks: Marks
    session: Session
    preferences: Preferences
    unwanted: tuple[str, ...]
    here: Here


@dataclass(frozen=True, slots=True, eq=False)
class Scored:
    """A pool with its n rows' item ids, categories, features, parts and scores, and the rows in order of score."""

    pool: Pool
    ids: tuple[str, ...]
    categories: NDArray[np.int64]
    features: NDArray[np.float32]
    parts: NDArray[np.int64]
    scores: NDArray[np.int64]
    order: NDArray[np.int64]


def known_of(inputs: Inputs, snapshots: Snapshots, policy: Policy) -> Known:
    """The person as seen at the request's clock, the request's own events included."""
    events = merged(inputs.tail, inputs.context)
    session = live_session(events, inputs.clock, policy.currency, inputs.session_id)
    signals = signals_of(events, session.events, snapshots.catalogue, inputs.clock)
    preferences = preferences_of(
        signals,
        inputs.panes,
        inputs.clock,
        snapshots.catalogue,
        snapshots.model.item_factors,
        snapshots.gram,
        None if inputs.batch is None else inputs.batch.factors,
        None if inputs.batch is None else inputs.batch.taste,
    )
    return Known(signals, marks_of(signals), session, preferences, unwanted_items(events), inputs.here)


def recommend(inputs: Inputs, snapshots: Snapshots, policy: Policy) -> Answer:
    """A list of up to `inputs.limit` items; shorter only where fewer are eligible, and () in an empty system.

    Same inputs, snapshots and policy: the same answer, bit for bit, on one build and CPU class.
    """
    known = known_of(inputs, snapshots, policy)
    pool = retrieve(
        snapshots.model,
        snapshots.catalogue,
        known.preferences,
        inputs.batch,
        inputs.wanted,
        (*inputs.exclude, *known.unwanted),
        max(policy.candidates, inputs.limit),
        snapshots.trends,
    )
    scored = scored_pool(pool, known, snapshots, policy)
    ruled, moves = capped(scored.order, scored.categories, scored.ids, policy.category_cap, policy.capped_places)
    served, rest = ruled[: inputs.limit], ruled[inputs.limit :]
    drawn = draw(
        served,
        rest,
        scored.scores,
        allowed_by_cap(scored.categories[served], scored.categories[rest], policy.category_cap, policy.capped_places),
        inputs.seed,
        policy.exploration_rate,
        policy.temperature,
        policy.floor,
    )
    final, swap = _swapped(ruled, scored.ids, drawn)
    return Answer(
        slots=_slots(scored, final[: inputs.limit], ruled, drawn.propensities),
        steps=(*moves, *swap),
        explored=drawn.place,
        lacking=_lacking(snapshots, pool),
        pool=pool,
        features=scored.features,
        parts=scored.parts,
        order=final,
    )


def rerank(inputs: Inputs, snapshots: Snapshots, policy: Policy, items: Sequence[str]) -> Answer:
    """Exactly these items, each once, in order of score: no filter, rule or exploration; `inputs.limit` is not read.

    Items that the catalogue does not know come last, in the order given, with index -1 and no parts.
    """
    known = known_of(inputs, snapshots, policy)
    given, index = dict.fromkeys(items), snapshots.catalogue.index
    places = np.array([index[item] for item in given if item in index], dtype=np.int64)
    pool = retrieve_given(
        snapshots.model, snapshots.catalogue, known.preferences, inputs.batch, places, snapshots.trends
    )
    scored = scored_pool(pool, known, snapshots, policy)
    ranked = _slots(scored, scored.order, scored.order, np.ones(len(places)))
    strangers = enumerate((item for item in given if item not in index), start=len(ranked))
    return Answer(
        slots=(*ranked, *(Slot(item, -1, 0, (), (), 1.0, place, place) for place, item in strangers)),
        steps=(),
        explored=None,
        lacking=_lacking(snapshots, pool),
        pool=pool,
        features=scored.features,
        parts=scored.parts,
        order=scored.order,
    )


def scored_pool(pool: Pool, known: Known, snapshots: Snapshots, policy: Policy) -> Scored:
    """Features, parts, scores and score order of a pool; ties in score: popularity, then item id."""
    catalogue = snapshots.catalogue
    table = features.compute(
        pool,
        known.session,
        known.preferences,
        known.marks,
        known.here,
        snapshots.model,
        catalogue,
        snapshots.trends,
    )
    parts = score_parts(table, policy.weights)
    scores = scores_of(parts)
    return Scored(
        pool=pool,
        ids=tuple([catalogue.items[place] for place in pool.items.tolist()]),
        categories=catalogue.category[pool.items],
        features=table,
        parts=parts,
        scores=scores,
        order=score_order(scores, catalogue.popularity[pool.items], catalogue.id_rank[pool.items]),
    )


def _swapped(ruled: NDArray[np.int64], ids: Sequence[str], drawn: Draw) -> tuple[NDArray[np.int64], list[Step]]:
    if drawn.place is None or drawn.row is None or ruled[drawn.place] == drawn.row:
        return ruled, []
    outside = int(np.flatnonzero(ruled == drawn.row)[0])
    final = ruled.copy()
    final[[drawn.place, outside]] = ruled[[outside, drawn.place]]
    return final, swap_steps(ids[drawn.row], outside, drawn.place, ids[ruled[drawn.place]])


def _slots(
    scored: Scored, served: NDArray[np.int64], ruled: NDArray[np.int64], propensities: NDArray[np.float64]
) -> tuple[Slot, ...]:
    score_place, rule_place = np.argsort(scored.order), np.argsort(ruled)
    columns = (
        served,
        scored.pool.items[served],
        scored.scores[served],
        scored.parts[served],
        scored.pool.sources[served],
        propensities,
        score_place[served],
        rule_place[served],
    )
    return tuple(
        Slot(scored.ids[row], index, score, tuple(parts), source_names(bits), propensity, at_score, at_rule)
        for row, index, score, parts, bits, propensity, at_score, at_rule in zip(
            *(column.tolist() for column in columns), strict=True
        )
    )


def _lacking(snapshots: Snapshots, pool: Pool) -> tuple[str, ...]:
    return (("model",) if not snapshots.model.items else ()) + (("items",) if not len(pool.items) else ())
