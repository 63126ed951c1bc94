"""Five-minute panes and the windows that are sums of them. Integers in ms since 1970 UTC."""

from __future__ import annotations

from typing import Final

MINUTE_MS: Final = 60_000
PANE_MS: Final = 300_000
HOUR_MS: Final = 3_600_000
DAY_MS: Final = 86_400_000
PANES_PER_HOUR: Final = HOUR_MS // PANE_MS

PaneKey = tuple[int, str, str]
"""(start of the pane in ms, category, content type); the last two "unknown" where events do not say."""


def pane_of(occurred_at: int) -> int:
    """Start of the pane that holds a moment: [start, start + 5 min).

    >>> pane_of(300_000), pane_of(599_999)
    (300000, 300000)
    """
    return occurred_at - occurred_at % PANE_MS


def hour_of(occurred_at: int) -> int:
    """Start of the UTC hour that holds a moment."""
    return occurred_at - occurred_at % HOUR_MS


def entry_key(key: PaneKey) -> str:
    """The name of a cell within its hour: pane, length of the category in characters, category, content type.

    The length keeps two names apart whatever is in them.

    >>> entry_key((3_600_000 + 2 * 300_000, "a|b", "film"))
    '02:3|a|b|film'
    """
    pane_ms, category, content_type = key
    return f"{(pane_ms - hour_of(pane_ms)) // PANE_MS:02d}:{len(category)}|{category}|{content_type}"


def local_day_of(pane_ms: int, tz_offset_min: int) -> int:
    """Midnight before a pane on a clock that is so many minutes ahead of UTC, read off that clock as if it were UTC.

    So a day is a date of the person's own calendar: one day, of 23 to 25 hours, when their clocks change.

    >>> local_day_of(DAY_MS - PANE_MS, 60), local_day_of(DAY_MS, -60)
    (86400000, 0)
    """
    local_ms = pane_ms + tz_offset_min * MINUTE_MS
    return local_ms - local_ms % DAY_MS


def window_panes(clock: int, length_ms: int) -> range:
    """Starts of the panes of the window of `length_ms` that ends with the pane holding `clock`.

    The newest pane is still open, so the window reaches back between `length_ms - 5 min` and `length_ms`.

    >>> list(window_panes(600_001, 600_000))
    [300000, 600000]
    """
    newest = pane_of(clock)
    return range(newest - length_ms + PANE_MS, newest + 1, PANE_MS)
