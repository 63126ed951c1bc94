"""From what the sources found to what is stored for a person, and the order in which serving would show just that.

Serving's own scoring law with nothing live in it: no session, no windows, no rules, no exploration. What a person did
since the training can only be judged where it happened, in the log of decisions.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from headrace.domain.features import COLUMN, FEATURES
from headrace.domain.model import BatchCandidates
from headrace.domain.order import score_order
from headrace.domain.preferences import lasting_of, told_of
from headrace.domain.scoring import Weights, score_parts, scores_of
from headrace.domain.signals import no_signals
from headrace.domain.taste import taste_of
from headrace.learn.retrieval import BATCH_SOURCES, ITEM_TO_ITEM, OWN_HISTORY, Catalogue, Found, Items, Profile


def merged(found: Found, popularity: NDArray[np.int64], factors: NDArray[np.float32], limit: int) -> BatchCandidates:
    """The `limit` items with the best place in any source, one row for each source that found them.

    Places compare where scores do not. Ties: popularity, then index; the rows of one item stand in source order.
    """
    items = np.concatenate([found[source][0] for source in BATCH_SOURCES])
    scores = np.concatenate([found[source][1] for source in BATCH_SOURCES])
    lengths = [len(found[source][0]) for source in BATCH_SOURCES]
    sources = np.repeat(np.array(BATCH_SOURCES, dtype=np.uint8), lengths)
    places = np.concatenate([np.arange(length) for length in lengths])
    distinct, which = np.unique(items, return_inverse=True)
    best = np.full(len(distinct), np.iinfo(np.int64).max)
    np.minimum.at(best, which, places)
    turn = np.empty(len(distinct), dtype=np.int64)
    turn[np.lexsort((distinct, -popularity[distinct], best))] = np.arange(len(distinct))
    rows = np.lexsort((sources, turn[which]))
    rows = rows[turn[which][rows] < limit]
    return BatchCandidates(items[rows].astype(np.uint32), scores[rows], sources[rows], factors)


def row_of(found: Found, profile: Profile, popularity: NDArray[np.int64], limit: int, as_of_ms: int) -> BatchCandidates:
    """What is stored for a person: `merged`, and the taste that their history makes."""
    return replace(merged(found, popularity, profile.factors, limit), taste=taste_of(profile.acts, as_of_ms))


def as_served(stored: BatchCandidates, model: Catalogue, weights: Weights) -> Items:
    """The distinct items in serving's order: by score, then popularity, then index."""
    items, which = np.unique(stored.items.astype(np.int64), return_inverse=True)
    features = np.zeros((len(items), len(FEATURES)))
    features[:, COLUMN["als"]] = model.item_factors[items].astype(np.float64) @ stored.factors.astype(np.float64)
    for name, source in (("item_to_item", ITEM_TO_ITEM), ("own_history", OWN_HISTORY)):
        rows = stored.sources == source
        features[which[rows], COLUMN[name]] = stored.scores[rows]
    if stored.taste is not None:
        nothing = no_signals()
        lasting = lasting_of(stored.taste, nothing, told_of(nothing), stored.taste.as_of_ms, model.category_code)
        features[:, COLUMN["taste_category"]] = lasting.categories[model.category[items]]
        features[:, COLUMN["taste_refused"]] = lasting.refused(items)
    most = int(model.popularity.max(initial=0))
    if most:
        features[:, COLUMN["popularity"]] = np.log1p(model.popularity[items]) / np.log1p(most)
    scores = scores_of(score_parts(features.astype(np.float32), weights))
    return items[score_order(scores, model.popularity[items], items)]
