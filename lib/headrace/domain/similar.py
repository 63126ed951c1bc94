"""Items like an item, for anybody. No person, no session."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from headrace.domain.scoring import MICRO
from headrace.domain.snapshots import Snapshots


@dataclass(frozen=True, slots=True)
class Similar:
    """score: similarity in micro-units, 0 for one that only fills up; source: a name in model.SOURCES."""

    item: str
    score: int
    source: str


def similar(snapshots: Snapshots, item: str, limit: int) -> tuple[Similar, ...]:
    """Up to `limit` living items: the model's neighbours, best first, then the popular of its category, then of all.

    An unknown item has no neighbours and no category, and gets what is popular.
    """
    found: dict[str, Similar] = {}
    for candidate in _in_turn(snapshots, item):
        if len(found) >= limit:
            break
        if candidate.item != item:
            found.setdefault(candidate.item, candidate)
    return tuple(found.values())


def _in_turn(snapshots: Snapshots, item: str) -> Iterator[Similar]:
    catalogue, model = snapshots.catalogue, snapshots.model
    index = catalogue.index.get(item)
    if index is not None and index < len(model.items):
        for place, score in zip(model.neighbours[index].tolist(), model.neighbour_scores[index].tolist(), strict=True):
            if place >= 0 and catalogue.alive[place]:
                yield Similar(catalogue.items[place], round(score * MICRO), "item_to_item")
    if index is not None and catalogue.category[index] > 0:
        for place in catalogue.in_category(int(catalogue.category[index])):
            yield Similar(catalogue.items[place], 0, "category")
    for place in catalogue.by_popularity:
        yield Similar(catalogue.items[place], 0, "popularity")
