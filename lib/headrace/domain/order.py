"""From scores to places: the score order, and the rules that move items after it as a list of steps. No scores."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from headrace.domain.answer import Step
from headrace.domain.compiled import compiled

CATEGORY_CAP = "category_cap"


def score_order(
    scores: NDArray[np.int64], popularity: NDArray[np.int64], id_rank: NDArray[np.int64]
) -> NDArray[np.int64]:
    """Rows, best first: score, then popularity, then item id. How ties break is worth 7 % of nDCG (online_retail)."""
    return np.lexsort((id_rank, -popularity, -scores)).astype(np.int64)


def applied(order: Sequence[str], steps: Sequence[Step]) -> list[str]:
    """The list after every move. Raises ValueError where a step does not find its item where it says."""
    moved = list(order)
    for step in steps:
        if not 0 <= step.from_place < len(moved) or moved[step.from_place] != step.item:
            raise ValueError(f"{step.rule}: {step.item!r} is not at place {step.from_place}")
        moved.insert(step.to_place, moved.pop(step.from_place))
    return moved


def capped(
    order: NDArray[np.int64], categories: NDArray[np.int64], ids: Sequence[str], cap: int, places: int
) -> tuple[NDArray[np.int64], list[Step]]:
    """At most `cap` of one category among the first `places`, as far as there are others; category 0 is never capped.

    order int64 [n]: rows, best first; categories int64 [n] and ids: of each row. Walking down, an item over the cap
    lets the next one below that is under it step up in its place. cap 0 turns the rule off.
    """
    moved, of_row = order.tolist(), categories.tolist()
    steps: list[Step] = []
    counts = {0: -len(moved)}
    for place in range(min(places, len(moved)) if cap > 0 else 0):
        over = moved[place]
        fitting = (at for at in range(place, len(moved)) if counts.get(of_row[moved[at]], 0) < cap)
        at = next(fitting, place)
        if at > place:
            moved.insert(place, moved.pop(at))
            steps.append(Step(CATEGORY_CAP, ids[moved[place]], at, place, ids[over]))
        counts[of_row[moved[place]]] = counts.get(of_row[moved[place]], 0) + 1
    return np.array(moved, dtype=np.int64), steps


@compiled
def allowed_by_cap(served: NDArray[np.int64], rest: NDArray[np.int64], cap: int, places: int) -> NDArray[np.bool_]:
    """bool [served, rest]: whether an item from outside could stand at a place and the cap still hold.

    Both are categories: int64 of the served list and of what is outside it.
    """
    allowed = np.ones((len(served), len(rest)), dtype=np.bool_)
    for column, category in enumerate(rest):
        if cap <= 0 or category == 0:
            continue
        same = 0
        for place in range(min(places, len(served))):
            same += served[place] == category
        for place in range(min(places, len(served))):
            allowed[place, column] = same - (served[place] == category) < cap
    return allowed
