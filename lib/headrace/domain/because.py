"""Why an item stands where it does: the same answer without one seen item. Never a guess from weights."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from headrace.domain.answer import Answer
from headrace.domain.events import UNKNOWN, Event
from headrace.domain.facts import COUNTS, SUMS, Facts, facts_of
from headrace.domain.inputs import Inputs
from headrace.domain.panes import PaneKey, pane_of
from headrace.domain.policy import Policy
from headrace.domain.recommend import recommend
from headrace.domain.session import merged
from headrace.domain.snapshots import Snapshots

LOOKED_AT: Final = 5
"""Newest distinct items that are tried; each costs one more ranking."""

_ADDED: Final = len(COUNTS) + len(SUMS)


@dataclass(frozen=True, slots=True)
class Because:
    """Without all events on `item`, the explained item falls from `from_place` to `to_place`; None: out of the pool."""

    item: str
    from_place: int
    to_place: int | None


def because(
    inputs: Inputs, snapshots: Snapshots, policy: Policy, answer: Answer, looked_at: int = LOOKED_AT
) -> dict[str, Because]:
    """Served item → the seen item without which it falls furthest (ties: the newest); items that none moves are absent.

    Seen items are the newest `looked_at` distinct ones of tail and context. `answer` is what `recommend` made of the
    same inputs, snapshots and policy.
    """
    names = [event.item_id for event in merged(inputs.tail, inputs.context) if event.item_id is not None]
    best: dict[str, tuple[int, Because]] = {}
    for seen in list(dict.fromkeys(names))[:looked_at]:
        without = _places(recommend(without_item(inputs, seen, policy.currency), snapshots, policy), snapshots)
        for place, slot in enumerate(answer.slots):
            to_place = without.get(slot.item)
            fall = (len(snapshots.catalogue.items) if to_place is None else to_place) - place
            if fall > best.get(slot.item, (0, None))[0]:
                best[slot.item] = fall, Because(seen, place, to_place)
    return {item: reason for item, (_, reason) in best.items()}


def without_item(inputs: Inputs, item: str, currency: str) -> Inputs:
    """The inputs as if this person had never met the item: out of tail and context, and the panes reduced."""
    gone = [event for event in inputs.tail if event.item_id == item]
    return replace(
        inputs,
        tail=tuple(event for event in inputs.tail if event.item_id != item),
        context=tuple(event for event in inputs.context if event.item_id != item),
        panes=reduced(inputs.panes, gone, currency),
    )


def reduced(panes: Mapping[PaneKey, Facts], gone: list[Event], currency: str) -> Mapping[PaneKey, Facts]:
    """Panes less these events: counts and sums. Extremes cannot be taken back and stay; no feature reads them.

    An event that its pane does not hold, because it was late or the stream has not got to it, takes nothing away.
    """
    left = dict(panes)
    for event in gone:
        key = pane_of(event.occurred_at), event.category or UNKNOWN, event.content_type or UNKNOWN
        cell = left.get(key)
        if cell is None or event.late:
            continue
        less = cell.copy()
        less[:_ADDED] -= facts_of(event, currency)[:_ADDED]
        if np.all(less[:_ADDED] >= 0):
            left[key] = less
    return left


def _places(answer: Answer, snapshots: Snapshots) -> dict[str, int]:
    items = answer.pool.items[answer.order].tolist()
    return {snapshots.catalogue.items[index]: place for place, index in enumerate(items)}
