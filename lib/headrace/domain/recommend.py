"""The whole law as one pure function: inputs, snapshots and policy in, an answer out. No stores, no clock, no HTTP."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from headrace.domain import features
from headrace.domain.answer import Answer, Slot, Step
from headrace.domain.catalogue import Catalogue
from headrace.domain.exploration import Draw, draw, swap_steps
from headrace.domain.inputs import Inputs
from headrace.domain.order import capped, score_order
from headrace.domain.policy import Policy
from headrace.domain.preferences import Preferences, preferences_of
from headrace.domain.retrieval import Pool, given_pool, retrieve, source_names
from headrace.domain.scoring import score_parts, scores_of
from headrace.domain.session import Session, live_session, merged
from headrace.domain.signals import signals_of, unwanted_items
from headrace.domain.snapshots import Snapshots


@dataclass(frozen=True, slots=True, eq=False)
class Known:
    """What the inputs say about the person. `unwanted`: items whose newest word from them is hide or dislike."""

    session: Session
    preferences: Preferences
    unwanted: tuple[str, ...]


def known_of(inputs: Inputs, snapshots: Snapshots, policy: Policy) -> Known:
    """The person as seen at the request's clock, its own events included."""
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
    )
    return Known(session, preferences, unwanted_items(events))


def recommend(inputs: Inputs, snapshots: Snapshots, policy: Policy) -> Answer:
    """A list of up to `inputs.limit` items; shorter only where fewer are eligible, and () in an empty system.

    Same inputs, snapshots and policy: the same answer, bit for bit, on one build and CPU class.
    """
    known = known_of(inputs, snapshots, policy)
    pool = _retrieved(
        inputs, snapshots, known, (*inputs.exclude, *known.unwanted), max(policy.candidates, inputs.limit)
    )
    table, parts = _scored(pool, known, snapshots, policy)
    scores, by_score = scores_of(parts), _by_score(pool, parts, snapshots.catalogue)
    groups = snapshots.catalogue.category[pool.items]
    ids = [snapshots.catalogue.items[place] for place in pool.items.tolist()]
    ruled, steps = capped(by_score.tolist(), groups.tolist(), ids, policy.category_cap, policy.capped_places)
    rows = np.array(ruled, dtype=np.int64)
    served, rest = rows[: inputs.limit], rows[inputs.limit :]
    allowed = _allowed(groups[served], groups[rest], policy)
    drawn = draw(served, rest, scores, allowed, inputs.seed, policy.exploration_rate, policy.temperature, policy.floor)
    final, swaps = _explored(rows, ids, drawn)
    return _answer(
        final, by_score, rows, (*steps, *swaps), drawn, inputs.limit, ids, pool, table, parts, _lacking(snapshots, pool)
    )


def rerank(inputs: Inputs, snapshots: Snapshots, policy: Policy, items: Sequence[str]) -> Answer:
    """Exactly these items, each once, in order of score: no filter, no rule, no exploration, `inputs.limit` unused.

    Items that the catalogue does not know come last, in the order given, with index -1 and no parts.
    """
    known = known_of(inputs, snapshots, policy)
    catalogue = snapshots.catalogue
    given = list(dict.fromkeys(items))
    found = np.array([catalogue.index[item] for item in given if item in catalogue.index], dtype=np.int64)
    pool = given_pool(found, _retrieved(inputs, snapshots, known, (), policy.candidates), catalogue)
    table, parts = _scored(pool, known, snapshots, policy)
    by_score = _by_score(pool, parts, catalogue)
    ids = [catalogue.items[place] for place in pool.items.tolist()]
    still = Draw(None, None, np.ones(len(by_score)))
    answer = _answer(
        by_score, by_score, by_score, (), still, len(by_score), ids, pool, table, parts, _lacking(snapshots, pool)
    )
    strangers = [item for item in given if item not in catalogue.index]
    last = [
        Slot(item, -1, 0, (), (), 1.0, place, place) for place, item in enumerate(strangers, start=len(answer.slots))
    ]
    return Answer((*answer.slots, *last), (), None, answer.lacking, pool, table, parts, by_score)


def _retrieved(inputs: Inputs, snapshots: Snapshots, known: Known, excluded: Sequence[str], size: int) -> Pool:
    return retrieve(
        snapshots.model, snapshots.catalogue, known.preferences, inputs.batch, inputs.wanted, excluded, size
    )


def _scored(
    pool: Pool, known: Known, snapshots: Snapshots, policy: Policy
) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    table = features.compute(
        pool, known.session, known.preferences, known.unwanted, snapshots.model, snapshots.catalogue
    )
    return table, score_parts(table, policy.weights)


def _by_score(pool: Pool, parts: NDArray[np.int64], catalogue: Catalogue) -> NDArray[np.int64]:
    return score_order(scores_of(parts), catalogue.popularity[pool.items], catalogue.id_rank[pool.items])


def _allowed(served: NDArray[np.int64], rest: NDArray[np.int64], policy: Policy) -> NDArray[np.bool_]:
    """bool [served, rest]: whether the category cap lets an item from outside stand at a place; both are categories."""
    allowed = np.ones((len(served), len(rest)), dtype=np.bool_)
    if policy.category_cap == 0:
        return allowed
    head = served[: policy.capped_places]
    counts = (head[:, None] == rest[None, :]).sum(axis=0)
    others = counts[None, :] - (head[:, None] == rest[None, :])
    allowed[: len(head)] = (rest == 0)[None, :] | (others < policy.category_cap)
    return allowed


def _explored(rows: NDArray[np.int64], ids: Sequence[str], drawn: Draw) -> tuple[NDArray[np.int64], list[Step]]:
    if drawn.place is None or drawn.row is None or rows[drawn.place] == drawn.row:
        return rows, []
    outside = int(np.flatnonzero(rows == drawn.row)[0])
    final = rows.copy()
    final[drawn.place], final[outside] = rows[outside], rows[drawn.place]
    return final, swap_steps(ids[drawn.row], outside, drawn.place, ids[rows[drawn.place]])


def _answer(
    final: NDArray[np.int64],
    by_score: NDArray[np.int64],
    ruled: NDArray[np.int64],
    steps: tuple[Step, ...],
    drawn: Draw,
    limit: int,
    ids: Sequence[str],
    pool: Pool,
    table: NDArray[np.float32],
    parts: NDArray[np.int64],
    lacking: tuple[str, ...],
) -> Answer:
    score_place, rule_place = np.argsort(by_score), np.argsort(ruled)
    served = final[:limit]
    slots = tuple(
        Slot(ids[row], index, sum(of_parts), tuple(of_parts), source_names(bits), propensity, at_score, at_rule)
        for row, index, of_parts, bits, propensity, at_score, at_rule in zip(
            served.tolist(),
            pool.items[served].tolist(),
            parts[served].tolist(),
            pool.sources[served].tolist(),
            drawn.propensities.tolist(),
            score_place[served].tolist(),
            rule_place[served].tolist(),
            strict=True,
        )
    )
    return Answer(slots, steps, drawn.place, lacking, pool, table, parts, final)


def _lacking(snapshots: Snapshots, pool: Pool) -> tuple[str, ...]:
    return (("model",) if not snapshots.model.items else ()) + (("items",) if not len(pool.items) else ())
