"""The one ordered catalogue of features and the law that computes them. Facts in, float32 out; no weights.

Precision, stated once: everything in the law is float64; features are cast to float32 once, here, at the end; scoring
starts from those float32 values in float64 and rounds to integer micro-units. Sums add in the order written
(compiled.py), and nothing calls BLAS.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from headrace.domain.affinity import looked_up
from headrace.domain.catalogue import Catalogue
from headrace.domain.compiled import compiled
from headrace.domain.here import Here
from headrace.domain.marks import Marks, marked
from headrace.domain.model import SOURCES, ModelArrays
from headrace.domain.orders import here_and_now
from headrace.domain.pool import Pool
from headrace.domain.preferences import Preferences
from headrace.domain.session import Session
from headrace.domain.trend_lists import TrendValues, read_off


@dataclass(frozen=True, slots=True)
class Feature:
    """A column: its name, its value where there is nothing to compute it from, and what it is."""

    name: str
    default: float
    doc: str


FEATURES: Final = (
    Feature("als", 0.0, "dot product of the person's factors, recent events folded in, and the item's"),
    Feature("item_to_item", 0.0, "batch score of the item-to-item source"),
    Feature("own_history", 0.0, "batch score of the person's own history"),
    Feature("session_neighbours", 0.0, "similarity to the newest items, weighted by their decayed strength"),
    Feature("popularity", 0.0, "log(1 + people) / log(1 + people of the most popular item)"),
    Feature("recent", 0.0, "decayed strength of the person's newest events on this very item"),
    Feature("seen_in_session", 0.0, "log2(1 + events on the item in the live session)"),
    Feature("session_category", 0.0, "affinity of the live session to the item's category"),
    Feature("hour_category", 0.0, "affinity of the last hour's panes to it"),
    Feature("day_category", 0.0, "affinity of the last day's panes to it"),
    Feature("price_closeness", 0.0, "1 inside the session's price range, else the ratio to its nearer end"),
    Feature("content_time", 0.0, "share of the session's dwell and watch time on the item's content type"),
    Feature("skipped", 0.0, "1 if the item was skipped in the live session"),
    Feature("unwanted", 0.0, "1 if the person's last word on the item was hide or dislike"),
    Feature("taste_category", 0.0, "long-term affinity of the person to the item's category"),
    Feature("taste_refused", 0.0, "how much weeks of history speak against this very item, in [0, 1)"),
    Feature("here_and_now", 0.0, "how much more people order it here at this hour than overall, in (-1, 1)"),
    Feature("trending", 0.0, "log(1 + strength in the last hour) / log(1 + that of the item with most)"),
    Feature("click_through", 0.0, "1 - clicks per impression of all items / the item's own, at least 0"),
)
"""Append only within a version; the order is the order of the columns."""

LAW_VERSION: Final = 2
"""Raise it when a formula changes and its name does not: the golden test demands it."""

FEATURE_SET_ID: Final = (
    f"f{LAW_VERSION}-"
    + hashlib.sha256(json.dumps([LAW_VERSION, [(f.name, f.default) for f in FEATURES]]).encode()).hexdigest()[:12]
)
"""Travels with every model and decision; another one refuses to load."""

COLUMN: Final = {feature.name: column for column, feature in enumerate(FEATURES)}
_WIDTH: Final = len(FEATURES)
(
    _ALS,
    _ITEM_TO_ITEM,
    _OWN_HISTORY,
    _SESSION_NEIGHBOURS,
    _POPULARITY,
    _RECENT,
    _SEEN_IN_SESSION,
    _SESSION_CATEGORY,
    _HOUR_CATEGORY,
    _DAY_CATEGORY,
    _PRICE_CLOSENESS,
    _CONTENT_TIME,
    _SKIPPED,
    _UNWANTED,
    _TASTE_CATEGORY,
    _TASTE_REFUSED,
    _HERE_AND_NOW,
    _TRENDING,
    _CLICK_THROUGH,
) = range(_WIDTH)
_BY_ITEM_TO_ITEM: Final = SOURCES.index("item_to_item")
_BY_OWN_HISTORY: Final = SOURCES.index("own_history")
_BY_NEIGHBOURS: Final = SOURCES.index("session_neighbours")
_NO_PRICES: Final = -1


def compute(
    pool: Pool,
    session: Session,
    preferences: Preferences,
    marks: Marks,
    here: Here,
    model: ModelArrays,
    catalogue: Catalogue,
    trends: TrendValues,
) -> NDArray[np.float32]:
    """Every feature of every candidate: float32 [n, len(FEATURES)], C order."""
    return _table(
        pool.items,
        pool.scores,
        model.item_factors,
        preferences.factors,
        catalogue.category,
        catalogue.content_type,
        catalogue.price_minor,
        catalogue.popularity,
        _most_popular(catalogue),
        preferences.session,
        preferences.hour,
        preferences.day,
        preferences.lasting.categories,
        _content_time(session, catalogue),
        min(session.prices, default=_NO_PRICES),
        max(session.prices, default=_NO_PRICES),
        looked_up(preferences.items, preferences.item_affinity, pool.items),
        *marked(marks, pool.items),
        preferences.lasting.refused(pool.items),
        here_and_now(model.orders, here, pool.items),
        *read_off(trends, pool.items),
    )


@compiled
def _table(
    items: NDArray[np.int64],
    scores: NDArray[np.float64],
    item_factors: NDArray[np.float32],
    factors: NDArray[np.float64],
    category: NDArray[np.int64],
    content_type: NDArray[np.int64],
    price_minor: NDArray[np.int64],
    popularity: NDArray[np.int64],
    most_popular: int,
    session: NDArray[np.float64],
    hour: NDArray[np.float64],
    day: NDArray[np.float64],
    taste: NDArray[np.float64],
    content_time: NDArray[np.float64],
    cheapest: int,
    dearest: int,
    recent: NDArray[np.float64],
    seen: NDArray[np.int64],
    skipped: NDArray[np.bool_],
    unwanted: NDArray[np.bool_],
    refused: NDArray[np.float64],
    here: NDArray[np.float64],
    lately: NDArray[np.float64],
    above: NDArray[np.float64],
) -> NDArray[np.float32]:
    table, of_most_popular = np.zeros((len(items), _WIDTH), dtype=np.float32), np.log1p(most_popular)
    for row, item in enumerate(items):
        features = table[row]
        if item < len(item_factors):
            dot = 0.0
            for place in range(len(factors)):
                dot += item_factors[item, place] * factors[place]
            features[_ALS] = dot
        features[_ITEM_TO_ITEM] = scores[row, _BY_ITEM_TO_ITEM]
        features[_OWN_HISTORY] = scores[row, _BY_OWN_HISTORY]
        features[_SESSION_NEIGHBOURS] = scores[row, _BY_NEIGHBOURS]
        if most_popular > 0:
            features[_POPULARITY] = np.log1p(popularity[item]) / of_most_popular
        features[_RECENT] = recent[row]
        features[_SESSION_CATEGORY] = session[category[item]]
        features[_HOUR_CATEGORY] = hour[category[item]]
        features[_DAY_CATEGORY] = day[category[item]]
        features[_PRICE_CLOSENESS] = _price_closeness(price_minor[item], cheapest, dearest)
        features[_CONTENT_TIME] = content_time[content_type[item]]
        features[_SKIPPED] = skipped[row]
        features[_UNWANTED] = unwanted[row]
        features[_SEEN_IN_SESSION] = np.log2(1.0 + seen[row])
        features[_TASTE_CATEGORY] = taste[category[item]]
        features[_TASTE_REFUSED] = refused[row]
        features[_HERE_AND_NOW] = here[row]
        features[_TRENDING] = lately[row]
        features[_CLICK_THROUGH] = above[row]
    return table


@compiled
def _price_closeness(price_minor: int, cheapest: int, dearest: int) -> float:
    if price_minor < 0 or cheapest < 0:
        return 0.0
    price = float(max(price_minor, 1))  # a free item compares as one minor unit
    return min(1.0, price / max(cheapest, 1), max(dearest, 1) / price)


def _most_popular(catalogue: Catalogue) -> int:
    return int(catalogue.popularity[catalogue.by_popularity[0]]) if len(catalogue.by_popularity) else 0


def _content_time(session: Session, catalogue: Catalogue) -> NDArray[np.float64]:
    """Share of time per content type code; the unknown type counts in the whole but has no share."""
    time = np.zeros(len(catalogue.content_types))
    spent = (session.dwell_ms, session.watch_ms)
    for each in spent:
        for code, name in enumerate(catalogue.content_types):
            time[code] += each.get(name, 0)
    whole = sum(sum(each.values()) for each in spent)
    time[0] = 0.0
    return time / whole if whole else time
