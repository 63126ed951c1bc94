"""Which cells of one owner's hour are kept: all of a person's, of a machine's a sample by hash. No store, no clock.

It is a function of the set of names alone: in whatever order, grouping and repetition they come, the same are left. And
what it drops of some names it drops of more: whoever has dropped a cell need not remember it.
"""

from __future__ import annotations

from collections.abc import Collection, Set
from hashlib import sha256
from typing import Final

MOST_CELLS: Final = 512
"""Forty names in each of the twelve panes are 480: nobody at a keyboard reaches it."""


def sample(cells: Collection[str]) -> Set[str]:
    """Of the cells of an owner's hour, by name (`panes.entry_key`), the MOST_CELLS of lowest rank; all of no more.

    >>> sorted(sample(["00:5|books|text", "11:4|mugs|"]))
    ['00:5|books|text', '11:4|mugs|']
    """
    return frozenset(cells if len(cells) <= MOST_CELLS else sorted(cells, key=rank)[:MOST_CELLS])


def rank(cell: str) -> bytes:
    """SHA-256 of its name in UTF-8: no two have the same, and Spark makes it natively (stream/hour_sample.py).

    >>> rank("00:5|books|text").hex()[:8]
    '2a4967ea'
    """
    return sha256(cell.encode()).digest()
