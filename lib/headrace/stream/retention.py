"""Which rows of a table are past their time: SQL conditions. No clock, no Spark; it deletes nothing."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Mapping
from typing import Final

from headrace.settings import Settings

DAY_MS: Final = 86_400_000


def days_kept(settings: Settings) -> Mapping[str, int]:
    """Table → the days for which its rows are kept; of a table that is not in it, for ever.

    A world that lives by its stream is history on purpose, and years of it are replayed in an hour: by its own clock
    the first would be deleted before the last were read, by the wall's all of them. It is deleted whole, or not.
    """
    return {} if settings.world.clock == "stream" else dict(settings.keep)


def kept_from_ms(now_ms: int, days: int) -> int:
    """First ms of the oldest UTC day that is kept.

    >>> kept_from_ms(DAY_MS * 500 + 7, 400) == DAY_MS * 100
    True
    """
    return now_ms // DAY_MS * DAY_MS - days * DAY_MS


def too_old(columns: Collection[str], partitioned_by: str, from_ms: int) -> str:
    """SQL: rows of days before `from_ms`, the first ms of a UTC day; where they say when they came, before it too.

    The partition alone would delete an event that came today and happened years ago: a hole in what the broker has,
    which `headrace account` would call lost.
    """
    past = f"{partitioned_by} < DATE'{dt.datetime.fromtimestamp(from_ms / 1000, dt.UTC).date()}'"
    return f"{past} AND src_ms < {from_ms}" if "src_ms" in columns else past
