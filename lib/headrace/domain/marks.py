"""What the newest events say of single items, beside how much they are liked. No strengths, no decay."""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from headrace.domain.compiled import compiled
from headrace.domain.events import KINDS
from headrace.domain.signals import REFUSING, TELLING, Signals

_SKIP: Final = KINDS.index("skip")
_TELLS: Final = np.array([kind in TELLING for kind in KINDS])
_REFUSES: Final = np.array([kind in REFUSING for kind in KINDS])


class Marks(NamedTuple):
    """items     int64 [k] ascending; known items that the events are on
    seen      int64 [k]; events on the item in the live session
    skipped   bool [k]; whether one of those was a skip
    unwanted  bool [k]; whether the person's newest word on it is hide or dislike (`unwanted_items`)
    """

    items: NDArray[np.int64]
    seen: NDArray[np.int64]
    skipped: NDArray[np.bool_]
    unwanted: NDArray[np.bool_]


def marks_of(signals: Signals) -> Marks:
    """Of all events that the signals hold."""
    return Marks(*_marks(signals.items, signals.kinds, signals.in_session))


@compiled
def marked(marks: Marks, items: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.bool_], NDArray[np.bool_]]:
    """seen, skipped and unwanted of each of these items."""
    known, of_known, skips, refusals = marks
    seen, skipped, unwanted = (
        np.zeros(len(items), np.int64),
        np.zeros(len(items), np.bool_),
        np.zeros(len(items), np.bool_),
    )
    for row, item in enumerate(items):
        place = np.searchsorted(known, item)
        if place < len(known) and known[place] == item:
            seen[row], skipped[row], unwanted[row] = of_known[place], skips[place], refusals[place]
    return seen, skipped, unwanted


@compiled
def _marks(
    items: NDArray[np.int64], kinds: NDArray[np.int64], in_session: NDArray[np.bool_]
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.bool_], NDArray[np.bool_]]:
    known = np.unique(items[items >= 0])
    seen, skipped = np.zeros(len(known), dtype=np.int64), np.zeros(len(known), dtype=np.bool_)
    unwanted, told = np.zeros(len(known), dtype=np.bool_), np.zeros(len(known), dtype=np.bool_)
    for event, item in enumerate(items):
        if item < 0:
            continue
        place = np.searchsorted(known, item)
        if in_session[event]:
            seen[place] += 1
            skipped[place] |= kinds[event] == _SKIP
        if _TELLS[kinds[event]] and not told[place]:  # the newest comes first
            told[place], unwanted[place] = True, _REFUSES[kinds[event]]
    return known, seen, skipped, unwanted
