"""What a person did in this pane, hour and day: sums of panes at the clock, for people to read.

Not what the law ranks by: preferences.py reads panes itself, in one pass. Once a window is over, its sums are those of
the finals (stream/windows.py): one row of them, or where a local day knows two offsets the merge of two.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final, Literal

from headrace.domain.events import MAX_TZ_OFFSET_MIN
from headrace.domain.facts import Facts, merge, tz_offset_of, zero
from headrace.domain.panes import (
    DAY_MS,
    HOUR_MS,
    MINUTE_MS,
    PaneKey,
    local_day_of,
    pane_of,
    window_panes,
)
from headrace.domain.whereabouts import without_searches

Cell = tuple[str, str]
"""(category, content type)."""

REACH_MS: Final = DAY_MS + 2 * MAX_TZ_OFFSET_MIN * MINUTE_MS
"""How far before the clock a pane of today can be: a person's date is that old after a flight round the world."""


def windows_at(panes: Mapping[PaneKey, Facts], clock: int) -> dict[str, dict[Cell, Facts]]:
    """Window name → its cells with a pane in it → facts. `panes` reach back REACH_MS.

    5m, 1h    end with the pane that holds the clock
    1d        the UTC day until then
    1d_local  the date on the person's own calendar until then; each pane by its own offset, today by the newest one;
              empty where no event told an offset
    """
    panes, newest = without_searches(panes), pane_of(clock)
    utc_day = range(newest - newest % DAY_MS, newest + 1)
    return {
        "5m": _summed(panes, lambda pane_ms, _: pane_ms == newest),
        "1h": _summed(panes, lambda pane_ms, _: pane_ms in window_panes(clock, HOUR_MS)),
        "1d": _summed(panes, lambda pane_ms, _: pane_ms in utc_day),
        "1d_local": _local_day(panes, newest),
    }


def marginal(cells: Mapping[Cell, Facts], of: Literal["category", "content_type"]) -> dict[str, Facts]:
    """Cells merged by category, or by content type; in order of name."""
    totals: dict[str, Facts] = {}
    for (category, content_type), facts in cells.items():
        name = category if of == "category" else content_type
        totals[name] = merge(totals.get(name, zero()), facts)
    return dict(sorted(totals.items()))


def _local_day(panes: Mapping[PaneKey, Facts], newest: int) -> dict[Cell, Facts]:
    told = [
        (pane_ms, offset)
        for (pane_ms, _, _), facts in panes.items()
        if pane_ms <= newest and (offset := tz_offset_of(facts)) is not None
    ]
    if not told:
        return {}
    today = local_day_of(newest, max(told)[1])

    def is_today(pane_ms: int, facts: Facts) -> bool:
        offset = tz_offset_of(facts)
        return pane_ms <= newest and offset is not None and local_day_of(pane_ms, offset) == today

    return _summed(panes, is_today)


def _summed(panes: Mapping[PaneKey, Facts], holds: Callable[[int, Facts], bool]) -> dict[Cell, Facts]:
    totals: dict[Cell, Facts] = {}
    for (pane_ms, category, content_type), facts in panes.items():
        if holds(pane_ms, facts):
            cell = category, content_type
            totals[cell] = merge(totals.get(cell, zero()), facts)
    return totals
