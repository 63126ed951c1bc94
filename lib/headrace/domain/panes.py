"""Five-minute panes and the windows that are sums of them. Integers in ms since 1970 UTC."""

from __future__ import annotations

from typing import Final

PANE_MS: Final = 300_000
HOUR_MS: Final = 3_600_000
DAY_MS: Final = 86_400_000
PANES_PER_HOUR: Final = HOUR_MS // PANE_MS


def pane_of(occurred_at: int) -> int:
    """Start of the pane that holds a moment: [start, start + 5 min).

    >>> pane_of(300_000), pane_of(599_999)
    (300000, 300000)
    """
    return occurred_at - occurred_at % PANE_MS


def hour_of(occurred_at: int) -> int:
    """Start of the UTC hour that holds a moment."""
    return occurred_at - occurred_at % HOUR_MS


def window_panes(clock: int, length_ms: int) -> range:
    """Starts of the panes of the window of `length_ms` that ends with the pane holding `clock`.

    The newest pane is still open, so the window reaches back between `length_ms - 5 min` and `length_ms`.

    >>> list(window_panes(600_001, 600_000))
    [300000, 600000]
    """
    newest = pane_of(clock)
    return range(newest - length_ms + PANE_MS, newest + 1, PANE_MS)
