"""What is counted in a pane: integer facts with `zero` and `merge`, and their packed form.

Merging is associative and commutative and `zero` is its identity, so grouping and order cannot matter.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import reduce
from typing import Final

import numpy as np
from numpy.typing import NDArray

from headrace.domain.distinct import WORDS, bits_of, words_of
from headrace.domain.events import KINDS, Event
from headrace.domain.places import place_word

Facts = NDArray[np.int64]
"""int64, shape (len(FACTS),); see FACTS for the meaning and unit of each place."""

COUNTS: Final = tuple(f"n_{kind}" for kind in KINDS)
SUMS: Final = ("dwell_ms", "watch_ms", "pause_ms", "quantity_milli", "rating_milli", "price_n", "price_sum")
PERSON_FACTS: Final = (*COUNTS, *SUMS, "price_min", "price_max", "tz_offset_max")
"""Facts of one person's events. price_* cover priced events in the world's currency, in minor units; tz_offset_max is
the greatest offset of local time that any event told, in minutes."""

PEOPLE: Final = tuple(f"people_{word}" for word in range(WORDS))
"""Who did it, as the words of domain/distinct.py: 0 but for items."""

PLACE_NEWEST: Final = "place_newest"
"""Where a person was last, as the word of domain/places.py: 0 for items, and not in windows and sessions."""

FACTS: Final = (*PERSON_FACTS, *PEOPLE, PLACE_NEWEST)
"""Every fact, in packed order: append only."""

PLACE_OF: Final = {name: place for place, name in enumerate(FACTS)}
_MIN: Final = PLACE_OF["price_min"]
_MAX: Final = PLACE_OF["price_max"]
_OFFSET: Final = PLACE_OF["tz_offset_max"]
_PEOPLE: Final = slice(PLACE_OF[PEOPLE[0]], PLACE_OF[PEOPLE[-1]] + 1)
_PLACE: Final = PLACE_OF[PLACE_NEWEST]
_NONE_MIN: Final = np.iinfo(np.int64).max
_NONE_MAX: Final = np.iinfo(np.int64).min
_VERSION: Final = 1
_VERSION_BYTE: Final = bytes([_VERSION])
_ENTRY: Final = np.dtype([("place", "u1"), ("value", "<i8")])

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
    """The facts of nothing: all sums 0, no price seen, no offset or place told, nobody there."""
    facts = np.zeros(len(FACTS), dtype=np.int64)
    facts[_MIN], facts[_MAX], facts[_OFFSET] = _NONE_MIN, _NONE_MAX, _NONE_MAX
    return facts


def merge(left: Facts, right: Facts) -> Facts:
    """Both together: sums add, price_min, price_max, tz_offset_max and the place keep the extreme, people unite."""
    both = left + right
    both[_MIN] = min(left[_MIN], right[_MIN])
    both[_MAX] = max(left[_MAX], right[_MAX])
    both[_OFFSET] = max(left[_OFFSET], right[_OFFSET])
    both[_PLACE] = max(left[_PLACE], right[_PLACE])
    both[_PEOPLE] = left[_PEOPLE] | right[_PEOPLE]
    return both


def merge_all(parts: Iterable[Facts]) -> Facts:
    """The merge of any number of facts; `zero()` of none."""
    return reduce(merge, parts, zero())


def facts_of(event: Event, currency: str) -> Facts:
    """One event as facts of its person. `currency` is the world's: other prices are not counted."""
    facts = zero()
    facts[PLACE_OF[f"n_{event.kind}"]] = 1
    if event.value_milli is not None and event.kind in VALUE_FACT:
        name, divisor = VALUE_FACT[event.kind]
        facts[PLACE_OF[name]] = event.value_milli // divisor
    if event.price_minor is not None and event.currency in (None, currency):
        facts[PLACE_OF["price_n"]] = 1
        facts[PLACE_OF["price_sum"]] = event.price_minor
        facts[_MIN] = facts[_MAX] = event.price_minor
    if event.tz_offset_min is not None:
        facts[_OFFSET] = event.tz_offset_min
    if event.place is not None:
        facts[_PLACE] = place_word(event.occurred_at, event.place)
    return facts


def item_facts_of(event: Event, currency: str) -> Facts:
    """One event as facts of its item: who did it is in them, and where is not."""
    facts = facts_of(event, currency)
    facts[_PLACE] = 0
    facts[_PEOPLE] = words_of(bits_of([event.person]))
    return facts


def people_of(facts: NDArray[np.int64]) -> NDArray[np.int64]:
    """The words for `distinct`: int64 [..., len(FACTS)] → int64 [..., WORDS]."""
    return facts[..., _PEOPLE]


def tz_offset_of(facts: Facts) -> int | None:
    """Minutes of local time ahead of UTC; None where no event told."""
    return None if facts[_OFFSET] == _NONE_MAX else int(facts[_OFFSET])


def has_price(facts: Facts) -> bool:
    """Whether any priced event is in it; where not, price_min and price_max mean nothing."""
    return bool(facts[PLACE_OF["price_n"]] > 0)


def pack(facts: Facts) -> bytes:
    """A version byte, then (place u8, value i64 little-endian) for every fact that differs from `zero()`."""
    changed = np.flatnonzero(facts != zero()).tolist()
    return _VERSION_BYTE + b"".join(
        bytes([place]) + int(facts[place]).to_bytes(8, "little", signed=True) for place in changed
    )


@dataclass(frozen=True, slots=True, eq=False)
class Entries:
    """What differs from `zero()` in n rows of facts, m of it, row by row.

    sizes int64 [n]: how many of a row; places int64 [m]: in FACTS; values int64 [m]
    """

    sizes: NDArray[np.int64]
    places: NDArray[np.int64]
    values: NDArray[np.int64]

    def of_rows(self, rows: NDArray[np.int64]) -> Entries:
        """Those of these rows, in their order."""
        sizes = self.sizes[rows]
        firsts = (np.cumsum(self.sizes) - self.sizes)[rows]
        at = np.repeat(firsts - (np.cumsum(sizes) - sizes), sizes) + np.arange(sizes.sum())
        return Entries(sizes, self.places[at], self.values[at])


def entries_of_rows(rows: NDArray[np.int64]) -> Entries:
    """Of int64 [n, len(FACTS)]."""
    changed = rows != zero()
    return Entries(np.count_nonzero(changed, axis=1), np.nonzero(changed)[1], rows[changed])


def rows_of_entries(entries: Entries) -> NDArray[np.int64]:
    """The inverse of `entries_of_rows`."""
    rows = np.tile(zero(), (len(entries.sizes), 1))
    rows[np.repeat(np.arange(len(rows)), entries.sizes), entries.places] = entries.values
    return rows


def pack_rows(rows: NDArray[np.int64]) -> list[bytes]:
    """`pack` of each row of an int64 array [n, len(FACTS)], at once."""
    plain = entries_of_rows(rows)
    entries = np.empty(len(plain.places), dtype=_ENTRY)
    entries["place"], entries["value"] = plain.places, plain.values
    packed = entries.tobytes()
    sizes = plain.sizes * _ENTRY.itemsize
    ends = np.cumsum(sizes)
    return [_VERSION_BYTE + packed[begin:end] for begin, end in zip(ends - sizes, ends, strict=True)]


def unpack(packed: bytes) -> Facts:
    """The inverse of `pack`. Raises ValueError on another version, or bytes that `pack` does not make."""
    facts: Facts = rows_of_entries(unpack_entries([packed]))[0]
    return facts


def unpack_entries(packed: Sequence[bytes]) -> Entries:
    """Packed facts as entries, all at once. Raises as `unpack` does."""
    joined = np.frombuffer(b"".join(packed), dtype=np.uint8)
    sizes = np.fromiter(map(len, packed), dtype=np.int64, count=len(packed))
    wrong = sizes[sizes % _ENTRY.itemsize != 1]
    if len(wrong):
        raise ValueError(f"packed facts of {wrong[0]} bytes: not a version and entries of {_ENTRY.itemsize}")
    firsts = np.cumsum(sizes) - sizes
    versions = joined[firsts]
    if np.any(versions != _VERSION):
        other = versions[versions != _VERSION][0]
        raise ValueError(f"packed facts of version {other}; this code reads version {_VERSION}")
    entries = np.delete(joined, firsts).view(_ENTRY)
    places = entries["place"].astype(np.int64)
    if len(places) and places.max() >= len(FACTS):
        raise ValueError(f"packed facts name place {places.max()}; this code knows {len(FACTS)}")
    return Entries(sizes // _ENTRY.itemsize, places, entries["value"].astype(np.int64))
