"""What a person did in the last five minutes, hour and day: sums of panes at the clock, for people to read.

Not what the law ranks by: preferences.py reads panes itself, in one pass.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from headrace.domain.facts import Facts, merge, zero
from headrace.domain.panes import DAY_MS, HOUR_MS, PANE_MS, window_panes

WINDOWS: Final = {"5m": PANE_MS, "1h": HOUR_MS, "1d": DAY_MS}


def windows_at(panes: Mapping[tuple[int, str], Facts], clock: int) -> dict[str, dict[str, Facts]]:
    """Window name → category (by name, only those with a pane in it) → facts, for the windows ending at the clock."""
    return {name: summed(panes, window_panes(clock, length_ms)) for name, length_ms in WINDOWS.items()}


def summed(panes: Mapping[tuple[int, str], Facts], window: range) -> dict[str, Facts]:
    """Category → the merge of its panes that start in the window."""
    totals: dict[str, Facts] = {}
    for (pane_ms, category), facts in sorted(panes.items(), key=lambda cell: cell[0]):
        if pane_ms in window:
            totals[category] = merge(totals.get(category, zero()), facts)
    return dict(sorted(totals.items()))
