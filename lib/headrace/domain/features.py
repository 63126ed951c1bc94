"""The one ordered catalogue of features and the law that computes them. Facts in, float32 out; no weights.

Precision, stated once: everything in the law is float64; features are cast to float32 once, here, at the end; scoring
starts from those float32 values in float64 and rounds to integer micro-units. BLAS is used for folding in alone
(preferences.py), whose last bits the micro-units absorb; pin it to one thread all the same.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray

from headrace.domain.affinity import looked_up
from headrace.domain.catalogue import Catalogue
from headrace.domain.here import Here
from headrace.domain.model import SOURCES, ModelArrays
from headrace.domain.orders import here_and_now
from headrace.domain.preferences import Preferences
from headrace.domain.session import Session
from headrace.domain.trend_lists import TrendValues, read_off

if TYPE_CHECKING:
    from headrace.domain.retrieval import Pool


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


def compute(
    pool: Pool,
    session: Session,
    preferences: Preferences,
    unwanted: tuple[str, ...],
    here: Here,
    model: ModelArrays,
    catalogue: Catalogue,
    trends: TrendValues,
) -> NDArray[np.float32]:
    """Every feature of every candidate: float32 [n, len(FEATURES)], C order."""
    items = pool.items
    table = np.empty((len(items), len(FEATURES)), dtype=np.float32)
    category = catalogue.category[items]
    lately, above = read_off(trends, items)
    columns = {
        "als": _dot(model.item_factors, items, preferences.factors),
        "item_to_item": pool.scores[:, SOURCES.index("item_to_item")],
        "own_history": pool.scores[:, SOURCES.index("own_history")],
        "session_neighbours": pool.scores[:, SOURCES.index("session_neighbours")],
        "popularity": _popularity(catalogue, items),
        "recent": looked_up(preferences.items, preferences.item_affinity, items),
        "seen_in_session": np.log2(1.0 + _marked(session.seen, catalogue, items)),
        "session_category": preferences.session[category],
        "hour_category": preferences.hour[category],
        "day_category": preferences.day[category],
        "price_closeness": _price_closeness(session, catalogue.price_minor[items]),
        "content_time": _content_time(session, catalogue)[catalogue.content_type[items]],
        "skipped": _marked(dict.fromkeys(session.skipped, 1), catalogue, items),
        "unwanted": _marked(dict.fromkeys(unwanted, 1), catalogue, items),
        "taste_category": preferences.lasting.categories[category],
        "taste_refused": preferences.lasting.refused(items),
        "here_and_now": here_and_now(model.orders, here, items),
        "trending": lately,
        "click_through": above,
    }
    for name, column in columns.items():
        table[:, COLUMN[name]] = column
    return table


def _dot(
    item_factors: NDArray[np.float32], items: NDArray[np.int64], person: NDArray[np.float64]
) -> NDArray[np.float64]:
    dots = np.zeros(len(items))
    known = items < item_factors.shape[0]
    dots[known] = (item_factors[items[known]] * person).sum(axis=1)
    return dots


def _popularity(catalogue: Catalogue, items: NDArray[np.int64]) -> NDArray[np.float64]:
    most = int(catalogue.popularity[catalogue.by_popularity[0]]) if len(catalogue.by_popularity) else 0
    if most <= 0:
        return np.zeros(len(items))
    return np.asarray(np.log1p(catalogue.popularity[items]) / np.log1p(most))


def _marked(marks: Mapping[str, int], catalogue: Catalogue, items: NDArray[np.int64]) -> NDArray[np.float64]:
    """The mark of each item, 0 for the others. Few marks, many items: the loop runs over marks."""
    known = sorted([(catalogue.index[item], mark) for item, mark in marks.items() if item in catalogue.index])
    if not known:
        return np.zeros(len(items))
    keys = np.array([place for place, _ in known], dtype=np.int64)
    return looked_up(keys, np.array([mark for _, mark in known], dtype=np.float64), items)


def _price_closeness(session: Session, price_minor: NDArray[np.int64]) -> NDArray[np.float64]:
    prices = session.prices
    if not prices:
        return np.zeros(len(price_minor))
    price = np.maximum(price_minor, 1).astype(np.float64)  # a free item compares as one minor unit
    below, above = price / max(min(prices), 1), max(*prices, 1) / price
    return np.where(price_minor < 0, 0.0, np.minimum(1.0, np.minimum(below, above)))


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
