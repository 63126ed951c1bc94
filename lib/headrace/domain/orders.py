"""What people order in each context of place and time, and how much more of an item than elsewhere. No Spark, no files.

A snapshot of one training: so a request knows what people order here at this hour without asking any store.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from headrace.domain.compiled import compiled
from headrace.domain.here import Here, contexts_of

PRIOR: Final = 5.0
"""So many orders that go as expected are added to what was counted: a few surprising ones are no certainty yet."""


@dataclass(frozen=True, slots=True, eq=False)
class Orders:
    """People per item in each of c contexts, m counts; build it with `orders_of`.

    contexts  int64 [c, 2]; (cell, code of time) as in here.py, ascending, each once
    starts    int64 [c + 1]; the counts of context i are those from starts[i] to starts[i + 1]
    items     int32 [m]; indices of the model, ascending within a context
    people    int32 [m]; distinct people who ordered the item there and then, at least 1
    totals    int64 [c]; the sum of `people` in each context
    """

    contexts: NDArray[np.int64]
    starts: NDArray[np.int64]
    items: NDArray[np.int32]
    people: NDArray[np.int32]
    totals: NDArray[np.int64]


def orders_of(
    contexts: NDArray[np.int64], starts: NDArray[np.int64], items: NDArray[np.int32], people: NDArray[np.int32]
) -> Orders:
    """With the totals, and read-only. Raises ValueError where the arrays disagree."""
    if contexts.shape[1:] != (2,) or len(starts) != len(contexts) + 1 or len(items) != len(people):
        raise ValueError(f"{len(contexts)} contexts, {len(starts)} starts, {len(items)} items, {len(people)} counts")
    if starts[0] != 0 or starts[-1] != len(items) or (starts[1:] <= starts[:-1]).any():
        raise ValueError("the counts of a context do not begin where those of the one before end")
    running = np.concatenate(([0], np.cumsum(people, dtype=np.int64)))
    orders = Orders(contexts, starts, items, people, running[starts[1:]] - running[starts[:-1]])
    for array in (orders.contexts, orders.starts, orders.items, orders.people, orders.totals):
        array.flags.writeable = False
    return orders


def no_orders() -> Orders:
    """Nobody ordered anything."""
    nothing = np.zeros(0, dtype=np.int32)
    return orders_of(np.zeros((0, 2), dtype=np.int64), np.zeros(1, dtype=np.int64), nothing, nothing)


def here_and_now(orders: Orders, here: Here, items: NDArray[np.int64]) -> NDArray[np.float64]:
    """How much more of each item is ordered here and now than overall: float64 [n] in (-1, 1), 0 where nobody knows.

    lift = Π (counted + 5) / (expected + 5) over the contexts of `here`, each within the one before, where expected is
    what the one before counted, scaled to the orders of this one: Norén, Hopstadius and Bate 2013, shrunk observed to
    expected ratios, one step after the other. The value is (lift − 1) / (lift + 1). A context that is not there, since
    too few people ordered in it, ends the way: what was learned on wider ground stands.
    """
    contexts = np.array(contexts_of(here), dtype=np.int64)
    return _here_and_now(contexts, orders.contexts, orders.starts, orders.items, orders.people, orders.totals, items)


@compiled
def _here_and_now(
    wanted: NDArray[np.int64],
    contexts: NDArray[np.int64],
    starts: NDArray[np.int64],
    items: NDArray[np.int32],
    people: NDArray[np.int32],
    totals: NDArray[np.int64],
    of: NDArray[np.int64],
) -> NDArray[np.float64]:
    lift, wider = np.ones(len(of)), np.zeros(len(of))
    wider_total = 0.0
    for number, context in enumerate(wanted):
        row = _row(contexts, context)
        if row < 0:
            break
        keys, counts = items[starts[row] : starts[row + 1]], people[starts[row] : starts[row + 1]]
        total = float(totals[row])
        for at, item in enumerate(of):
            place = np.searchsorted(keys, np.int32(item))
            counted = float(counts[place]) if place < len(keys) and keys[place] == item else 0.0
            if number:
                lift[at] *= (counted + PRIOR) / (wider[at] * (total / wider_total) + PRIOR)
            wider[at] = counted
        wider_total = total
    return (lift - 1.0) / (lift + 1.0)


@compiled
def _row(contexts: NDArray[np.int64], wanted: NDArray[np.int64]) -> int:
    """The row of a context, -1 where it is not there."""
    low, high = 0, len(contexts)
    while low < high:
        middle = (low + high) // 2
        cell, time = contexts[middle]
        if cell < wanted[0] or (cell == wanted[0] and time < wanted[1]):
            low = middle + 1
        else:
            high = middle
    if low < len(contexts) and contexts[low, 0] == wanted[0] and contexts[low, 1] == wanted[1]:
        return low
    return -1
