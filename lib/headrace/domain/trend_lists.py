"""Ranked lists as a few kilobytes and back, their name, and what the law reads of them. No counting, no store."""

from __future__ import annotations

import hashlib
import json
import zlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, TypedDict

import numpy as np
from numpy.typing import NDArray

from headrace.domain.affinity import looked_up
from headrace.domain.trends import TOP, Ranked, Trends

MOST_BYTES: Final = 65_535
CANDIDATES: Final = 30
"""As many of the last hour are candidates for everybody: what is new since the model was trained comes in by them."""

_VERSION: Final = 1


class _Plain(TypedDict):
    """items: every id once; lists: "window kind" → (places in items, scores)."""

    version: int
    items: list[str]
    lists: dict[str, tuple[list[int], list[int]]]
    rates: dict[str, int]


def pack(trends: Trends) -> bytes:
    """At most MOST_BYTES: the same trends are the same bytes. Where ids are so long, the lists lose their ends."""
    top = TOP
    while len(packed := _packed(trends, top)) > MOST_BYTES:
        top //= 2
    return packed


def unpack(packed: bytes) -> Trends:
    """The inverse of `pack`. Raises ValueError for bytes that it does not make."""
    try:
        plain: _Plain = json.loads(zlib.decompress(packed))
    except zlib.error as error:
        raise ValueError(f"not packed trends: {error}") from error
    if plain["version"] != _VERSION:
        raise ValueError(f"packed trends of version {plain['version']}; this code reads version {_VERSION}")
    items = plain["items"]
    lists: dict[tuple[str, str], Ranked] = {}
    for name, (places, scores) in plain["lists"].items():
        window, _, kind = name.partition(" ")
        lists[window, kind] = Ranked(tuple([items[place] for place in places]), tuple(scores))
    return Trends(lists, plain["rates"])


def id_of(packed: bytes) -> str:
    """Names a snapshot of trends by its content; when it was made is another matter."""
    return "t-" + hashlib.sha256(packed).hexdigest()[:12]


def _packed(trends: Trends, top: int) -> bytes:
    place: dict[str, int] = {}
    lists = {
        f"{window} {kind}": (
            [place.setdefault(item, len(place)) for item in ranked.items[:top]],
            list(ranked.scores[:top]),
        )
        for (window, kind), ranked in trends.lists.items()
    }
    plain = _Plain(version=_VERSION, items=list(place), lists=lists, rates=dict(trends.rates))
    return zlib.compress(json.dumps(plain, separators=(",", ":"), ensure_ascii=False).encode())


@dataclass(frozen=True, slots=True, eq=False)
class TrendValues:
    """What the law reads of a snapshot of trends, for the items of one catalogue.

    id       the snapshot's; "none" where there is none
    items    int64 [n], ascending catalogue indices; below, what is not listed is 0
    popular  int64 [n]; score of the last hour, in millionths; `most`: of the list's first
    clicked  int64 [n]; click-through of the last day, in millionths; `rate`: that of all items
    lately   float64 [n]; log(1 + popular) / log(1 + most), in units of one view
    above    float64 [n]; the share of its click-through above that of all items: 1 - rate / own, at least 0
    top      int64 [≤ CANDIDATES]; the first of the last hour's list, best first
    """

    id: str
    items: NDArray[np.int64]
    popular: NDArray[np.int64]
    most: int
    clicked: NDArray[np.int64]
    rate: int
    lately: NDArray[np.float64]
    above: NDArray[np.float64]
    top: NDArray[np.int64]


def no_trends() -> TrendValues:
    """Before anything was published."""
    return trend_values("none", (), (), (), 0, 0, ())


def values_of(snapshot: str, trends: Trends, index: Mapping[str, int]) -> TrendValues:
    """Of a snapshot with this id; items that the catalogue does not know are left out."""
    popular, clicked = (trends.lists.get(key, Ranked((), ())) for key in (("1h", "popular"), ("1d", "click_through")))
    scores = dict(zip(popular.items, popular.scores, strict=True))
    clicks = dict(zip(clicked.items, clicked.scores, strict=True))
    known = sorted((index[item], item) for item in scores.keys() | clicks.keys() if item in index)
    return trend_values(
        snapshot,
        [place for place, _ in known],
        [scores.get(item, 0) for _, item in known],
        [clicks.get(item, 0) for _, item in known],
        max(popular.scores, default=0),
        trends.rates.get("1d", 0),
        [index[item] for item in popular.items if item in index][:CANDIDATES],
    )


def trend_values(
    snapshot: str,
    items: Iterable[int],
    popular: Sequence[int],
    clicked: Sequence[int],
    most: int,
    rate: int,
    top: Sequence[int],
) -> TrendValues:
    """TrendValues out of plain numbers; `items` may come in any order."""
    places = np.array(list(items), dtype=np.int64)
    order = np.argsort(places)
    strong, own = (np.array(column, dtype=np.int64)[order] for column in (popular, clicked))
    return TrendValues(
        id=snapshot,
        items=places[order],
        popular=strong,
        most=most,
        clicked=own,
        rate=rate,
        lately=np.log1p(strong / 1e6) / np.log1p(max(most, 1) / 1e6),
        above=np.where(own > rate, 1.0 - rate / np.maximum(own, 1), 0.0),
        top=np.array(top, dtype=np.int64),
    )


def read_off(values: TrendValues, items: NDArray[np.int64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """lately and above of each catalogue index."""
    return looked_up(values.items, values.lately, items), looked_up(values.items, values.above, items)
