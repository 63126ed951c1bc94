"""Moments as text. No clock."""

from __future__ import annotations

import datetime as dt


def utc(ms: int) -> str:
    """A moment as messages show it and flags take it.

    >>> utc(1_700_000_100_000)
    '2023-11-14T22:15Z'
    """
    return f"{dt.datetime.fromtimestamp(ms / 1000, dt.UTC):%Y-%m-%dT%H:%MZ}"
