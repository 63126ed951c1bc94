"""The packed form of what training found for one person: one Cassandra cell. No merging of sources, no scoring.

Version 2, little-endian, no padding but the header's own:
version u8 · c u8 · rank u16 · m u32 · as_of_ms i64 · last_ms i64 · t u32 · names u32 · items u32[m] · scores f32[m]
· factors f32[rank] · taste items u32[t] · their strengths f32[t] · category strengths f32[c] · sizes u16[c]
· sources u8[m] · UTF-8 of the categories' names, one after the other: of these sizes, `names` bytes together

Version 1, which is still read, has no taste: version u8 · 0 u8 · rank u16 · m u32 · items · scores · factors · sources
"""

from __future__ import annotations

import struct
from itertools import accumulate, pairwise
from typing import Final

import numpy as np

from headrace.domain.model import SOURCES, BatchCandidates
from headrace.domain.taste import Taste

_WITHOUT_TASTE, _WITH_TASTE = 1, 2
_HEADER: Final = struct.Struct("<BBHI")
_TASTE: Final = struct.Struct("<qqII")
_ROW_BYTES: Final = 4 + 4 + 1  # item, score, source
_ALIGNED: Final = 4  # every array but the last three starts at a multiple of its own width: views, not copies


def pack(candidates: BatchCandidates) -> bytes:
    """One person's candidates as bytes; the same candidates are the same bytes. Raises ValueError on unequal lengths.

    Without a taste it is a row of version 1.

    >>> empty = np.zeros(0)
    >>> nothing = BatchCandidates(empty.astype("u4"), empty.astype("f4"), empty.astype("u1"), empty.astype("f4"))
    >>> pack(nothing).hex()
    '0100000000000000'
    """
    found, rank, taste = len(candidates.items), len(candidates.factors), candidates.taste
    if not found == len(candidates.scores) == len(candidates.sources):
        raise ValueError(f"{found} items, {len(candidates.scores)} scores and {len(candidates.sources)} sources")
    arrays = (
        candidates.items.astype("<u4", copy=False).tobytes(),
        candidates.scores.astype("<f4", copy=False).tobytes(),
        candidates.factors.astype("<f4", copy=False).tobytes(),
    )
    sources = candidates.sources.astype("u1", copy=False).tobytes()
    if taste is None:
        return b"".join((_HEADER.pack(_WITHOUT_TASTE, 0, rank, found), *arrays, sources))
    if len(taste.categories) != len(taste.category_strength) or len(taste.items) != len(taste.item_strength):
        raise ValueError(
            f"a taste of {len(taste.categories)} categories, {len(taste.category_strength)} strengths of them, "
            f"{len(taste.items)} items and {len(taste.item_strength)} strengths of them"
        )
    names = [name.encode() for name in taste.categories]
    return b"".join(
        (
            _HEADER.pack(_WITH_TASTE, len(names), rank, found),
            _TASTE.pack(taste.as_of_ms, taste.last_ms, len(taste.items), sum(map(len, names))),
            *arrays,
            taste.items.astype("<u4", copy=False).tobytes(),
            taste.item_strength.astype("<f4", copy=False).tobytes(),
            taste.category_strength.astype("<f4", copy=False).tobytes(),
            np.array([len(name) for name in names], dtype="<u2").tobytes(),
            sources,
            *names,
        )
    )


def unpack(packed: bytes) -> BatchCandidates:
    """The inverse of `pack`, as read-only views of `packed`.

    Raises ValueError on another version, a length that disagrees with the header, a source that is not known, or a
    name that is not UTF-8.
    """
    if len(packed) < _HEADER.size:
        raise ValueError(f"packed candidates of {len(packed)} bytes; the header alone has {_HEADER.size}")
    version, named, rank, found = _HEADER.unpack_from(packed)
    if version not in (_WITHOUT_TASTE, _WITH_TASTE):
        raise ValueError(
            f"packed candidates of version {version}; this code reads {_WITHOUT_TASTE} and {_WITH_TASTE}: "
            "train again with it, or run the code that trained them"
        )
    start, as_of_ms, last_ms, liked, names = _HEADER.size, 0, 0, 0, 0
    if version == _WITH_TASTE:
        if len(packed) < start + _TASTE.size:
            raise ValueError(f"packed candidates of {len(packed)} bytes; their header has {start + _TASTE.size}")
        as_of_ms, last_ms, liked, names = _TASTE.unpack_from(packed, start)
        start += _TASTE.size
    else:
        named = 0
    expected = start + found * _ROW_BYTES + _ALIGNED * (rank + 2 * liked + named) + 2 * named + names
    if len(packed) != expected:
        raise ValueError(f"packed candidates of {len(packed)} bytes; their header says {expected}")
    factors_at = start + 2 * _ALIGNED * found
    taste_at = factors_at + _ALIGNED * rank
    sizes_at = taste_at + _ALIGNED * (2 * liked + named)
    sources_at = sizes_at + 2 * named
    sources = np.frombuffer(packed, "u1", found, sources_at)
    if found and int(sources.max()) >= len(SOURCES):
        raise ValueError(f"packed candidates name source {int(sources.max())}; this code knows {len(SOURCES)}")
    taste = None
    if version == _WITH_TASTE:
        sizes = np.frombuffer(packed, "<u2", named, sizes_at).tolist()
        if sum(sizes) != names:
            raise ValueError(f"packed candidates name {names} bytes of categories; their sizes say {sum(sizes)}")
        ends = accumulate(sizes, initial=sources_at + found)
        taste = Taste(
            categories=tuple([packed[begin:end].decode() for begin, end in pairwise(ends)]),
            category_strength=np.frombuffer(packed, "<f4", named, taste_at + 2 * _ALIGNED * liked),
            items=np.frombuffer(packed, "<u4", liked, taste_at),
            item_strength=np.frombuffer(packed, "<f4", liked, taste_at + _ALIGNED * liked),
            as_of_ms=as_of_ms,
            last_ms=last_ms,
        )
    return BatchCandidates(
        items=np.frombuffer(packed, "<u4", found, start),
        scores=np.frombuffer(packed, "<f4", found, start + _ALIGNED * found),
        sources=sources,
        factors=np.frombuffer(packed, "<f4", rank, factors_at),
        taste=taste,
    )
