"""The newest events as parallel arrays in catalogue terms: the one loop over events that a request pays for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from headrace.domain.catalogue import Catalogue
from headrace.domain.events import UNKNOWN, Event
from headrace.domain.strength import KIND_CODE, neutral_value_milli, strengths

HALF_LIFE_MS: Final = 3_600_000
"""After an hour an event says half as much. The tail reaches back two days: 2⁻⁴⁸, so nothing jumps when it ends."""

_NEUTRAL: Final = {kind: neutral_value_milli(kind) for kind in KIND_CODE}
REFUSING: Final = frozenset({"hide", "dislike"})
TELLING: Final = REFUSING | {"like", "cart", "purchase", "playlist_add"}
"""The kinds that are a word on an item, for or against it."""


@dataclass(frozen=True, slots=True, eq=False)
class Signals:
    """m events, newest first.

    items       int64; catalogue index, -1 where there is no item or nobody knows it
    kinds       int64; places in KINDS
    categories  int64; the event's own category as a catalogue code; 0 for unknown and for ones without an item
    strength    float64; `strengths` of the event, decayed to the clock
    raw         float64; the same, not decayed
    happened_ms int64
    in_session  bool; whether the event belongs to the live session
    """

    items: NDArray[np.int64]
    kinds: NDArray[np.int64]
    categories: NDArray[np.int64]
    strength: NDArray[np.float64]
    raw: NDArray[np.float64]
    happened_ms: NDArray[np.int64]
    in_session: NDArray[np.bool_]


def signals_of(newest_first: Sequence[Event], session: Sequence[Event], catalogue: Catalogue, clock: int) -> Signals:
    """Events of one person; `session`: those of them, the same objects, that belong to the live session."""
    index, code = catalogue.index, catalogue.category_code
    live = {id(event) for event in session}  # the same objects: their keys would be built twice for every event
    items = [-1 if event.item_id is None else index.get(event.item_id, -1) for event in newest_first]
    kinds = np.array([KIND_CODE[event.kind] for event in newest_first], dtype=np.int64)
    categories = [code.get(event.category or UNKNOWN, 0) for event in newest_first]
    happened = np.array([event.occurred_at for event in newest_first], dtype=np.int64)
    value_milli = [_NEUTRAL[event.kind] if event.value_milli is None else event.value_milli for event in newest_first]
    in_session = [id(event) in live for event in newest_first]
    raw = strengths(kinds, np.array(value_milli, dtype=np.int64))
    decayed = raw * np.exp2(-np.maximum(clock - happened, 0) / HALF_LIFE_MS)
    return Signals(
        np.array(items, dtype=np.int64),
        kinds,
        np.array(categories, dtype=np.int64),
        decayed,
        raw,
        happened,
        np.array(in_session, dtype=np.bool_),
    )


def no_signals() -> Signals:
    """Of nobody, or of somebody of whom nothing is new."""
    nothing, silent = np.zeros(0, dtype=np.int64), np.zeros(0)
    return Signals(nothing, nothing, nothing, silent, silent, nothing, np.zeros(0, dtype=np.bool_))


def unwanted_items(newest_first: Sequence[Event]) -> tuple[str, ...]:
    """Items whose newest word from this person is hide or dislike, not like, cart, purchase or playlist_add."""
    last_word: dict[str, bool] = {}
    for event in newest_first:
        if event.kind in TELLING and event.item_id is not None:
            last_word.setdefault(event.item_id, event.kind in REFUSING)
    return tuple(item for item, refused in last_word.items() if refused)
