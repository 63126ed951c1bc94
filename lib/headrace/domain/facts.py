"""What is counted in a pane: integer facts with `zero` and `merge`, and their packed form.

Merging is associative and commutative and `zero` is its identity, so grouping and order cannot matter.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable
from functools import reduce
from typing import Final

import numpy as np
from numpy.typing import NDArray

from headrace.domain.events import KINDS, Event

Facts = NDArray[np.int64]
"""int64, shape (len(FACTS),); see FACTS for the meaning and unit of each place."""

COUNTS: Final = tuple(f"n_{kind}" for kind in KINDS)
SUMS: Final = ("dwell_ms", "watch_ms", "pause_ms", "quantity_milli", "rating_milli", "price_n", "price_sum")
FACTS: Final = (*COUNTS, *SUMS, "price_min", "price_max")
"""Every fact, in packed order: append only. price_* cover priced events in the world's currency, in minor units."""

PLACE_OF: Final = {name: place for place, name in enumerate(FACTS)}
_MIN: Final = PLACE_OF["price_min"]
_MAX: Final = PLACE_OF["price_max"]
_NONE_MIN: Final = np.iinfo(np.int64).max
_NONE_MAX: Final = np.iinfo(np.int64).min
_VERSION: Final = 1
_ENTRY: Final = struct.Struct("<Bq")

VALUE_FACT: Final = {
    "dwell": ("dwell_ms", 1000),
    "watch": ("watch_ms", 1000),
    "pause": ("pause_ms", 1000),
    "purchase": ("quantity_milli", 1),
    "cart": ("quantity_milli", 1),
    "rating": ("rating_milli", 1),
}
"""kind → (the sum its value goes to, the divisor that turns thousandths into that sum's unit)."""


def zero() -> Facts:
    """The facts of nothing: all sums 0, no price seen."""
    facts = np.zeros(len(FACTS), dtype=np.int64)
    facts[_MIN], facts[_MAX] = _NONE_MIN, _NONE_MAX
    return facts


def merge(left: Facts, right: Facts) -> Facts:
    """Both together: sums add, price_min and price_max keep the extreme."""
    both = left + right
    both[_MIN] = min(left[_MIN], right[_MIN])
    both[_MAX] = max(left[_MAX], right[_MAX])
    return both


def merge_all(parts: Iterable[Facts]) -> Facts:
    """The merge of any number of facts; `zero()` of none."""
    return reduce(merge, parts, zero())


def facts_of(event: Event, currency: str) -> Facts:
    """One event as facts. `currency` is the world's: other prices are not counted."""
    facts = zero()
    facts[PLACE_OF[f"n_{event.kind}"]] = 1
    if event.value_milli is not None and event.kind in VALUE_FACT:
        name, divisor = VALUE_FACT[event.kind]
        facts[PLACE_OF[name]] = event.value_milli // divisor
    if event.price_minor is not None and event.currency in (None, currency):
        facts[PLACE_OF["price_n"]] = 1
        facts[PLACE_OF["price_sum"]] = event.price_minor
        facts[_MIN] = facts[_MAX] = event.price_minor
    return facts


def has_price(facts: Facts) -> bool:
    """Whether any priced event is in it; where not, price_min and price_max mean nothing."""
    return bool(facts[PLACE_OF["price_n"]] > 0)


def pack(facts: Facts) -> bytes:
    """A version byte, then (place u8, value i64 little-endian) for every fact that differs from `zero()`."""
    changed = np.flatnonzero(facts != zero())
    return bytes([_VERSION]) + b"".join(_ENTRY.pack(place, int(facts[place])) for place in changed)


def pack_rows(rows: NDArray[np.int64]) -> list[bytes]:
    """`pack` of each row of an int64 array [n, len(FACTS)], at once."""
    owners, places = np.nonzero(rows != zero())
    entries = np.empty(len(owners), dtype=[("place", "u1"), ("value", "<i8")])
    entries["place"], entries["value"] = places, rows[owners, places]
    packed, version = entries.tobytes(), bytes([_VERSION])
    sizes = np.bincount(owners, minlength=len(rows)) * _ENTRY.size
    ends = np.cumsum(sizes)
    return [version + packed[begin:end] for begin, end in zip(ends - sizes, ends, strict=True)]


def unpack(packed: bytes) -> Facts:
    """The inverse of `pack`. Raises ValueError on another version."""
    if packed[0] != _VERSION:
        raise ValueError(f"packed facts of version {packed[0]}; this code reads version {_VERSION}")
    facts = zero()
    for place, value in _ENTRY.iter_unpack(packed[1:]):
        facts[place] = value
    return facts
