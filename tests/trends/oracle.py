"""What trends must come to: a plain loop over the events of events.clean. Slow and obvious on purpose."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from headrace.domain.events import Event
from headrace.domain.panes import PANE_MS
from headrace.domain.strength import KIND_STRENGTH, TIMED
from headrace.domain.trends import WINDOWS, Trends, trends_of


def slow_sums(events: Sequence[Event], clock: int) -> dict[str, dict[str, list[int]]]:
    """Window → item → its sums, items of zeros left out: late events out, of several with one key the first, a person
    once per item, kind and five minutes."""
    keys: set[object] = set()
    about: set[object] = set()
    windows: dict[str, dict[str, list[int]]] = {window: {} for window in WINDOWS}
    for one in events:
        pane = one.occurred_at // PANE_MS
        if one.late or one.key in keys:
            continue
        keys.add(one.key)
        if one.item_id is None or (one.person, one.item_id, one.kind, pane) in about:
            continue
        about.add((one.person, one.item_id, one.kind, pane))
        milli = strength_milli(one)
        adds = [milli, int(milli > 0), int(one.kind == "impression"), int(one.kind == "click")]
        for window, length_ms in WINDOWS.items():
            if 0 <= clock // PANE_MS - pane <= length_ms // PANE_MS:
                row = windows[window].setdefault(one.item_id, [0, 0, 0, 0])
                windows[window][one.item_id] = [old + new for old, new in zip(row, adds, strict=True)]
    return {window: {item: row for item, row in rows.items() if any(row)} for window, rows in windows.items()}


def strength_milli(event: Event) -> int:
    """Thousandths: what the kind says, or stars from three, ±2, or time, which saturates."""
    value = 0.0 if event.value_milli is None else event.value_milli / 1000
    if event.kind == "rating":
        return 0 if event.value_milli is None else round(1000 * max(-2.0, min(2.0, value - 3.0)))
    most, half_ms = TIMED.get(event.kind, (0.0, 1.0))
    ms = max(value, 0.0)
    return round(1000 * (KIND_STRENGTH[event.kind] + most * ms / (ms + half_ms)))


def slow_trends(events: Sequence[Event], clock: int) -> Trends:
    """The lists that these events are to have at the clock."""
    by_window = slow_sums(events, clock)
    items = sorted({item for rows in by_window.values() for item in rows})
    tables = {
        window: np.array([rows.get(item, [0, 0, 0, 0]) for item in items], dtype=np.int64).reshape(-1, 4)
        for window, rows in by_window.items()
    }
    return trends_of(items, tables)
