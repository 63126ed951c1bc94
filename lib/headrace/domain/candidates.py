"""The packed form of what training found for one person: one Cassandra cell. No merging of sources, no scoring.

Version 1, little-endian, no padding but the header's own:
version u8 · 0 u8 · rank u16 · m u32 · items u32[m] · scores f32[m] · factors f32[rank] · sources u8[m]
"""

from __future__ import annotations

import struct
from typing import Final

import numpy as np

from headrace.domain.model import SOURCES, BatchCandidates

_VERSION: Final = 1
_HEADER: Final = struct.Struct("<BBHI")
_ROW_BYTES: Final = 4 + 4 + 1  # item, score, source
_ALIGNED: Final = 4  # every array but the last starts at a multiple of its own width: views, not copies


def pack(candidates: BatchCandidates) -> bytes:
    """One person's candidates as bytes; the same candidates are the same bytes. Raises ValueError on unequal lengths.

    >>> empty = np.zeros(0)
    >>> nothing = BatchCandidates(empty.astype("u4"), empty.astype("f4"), empty.astype("u1"), empty.astype("f4"))
    >>> pack(nothing).hex()
    '0100000000000000'
    """
    found, rank = len(candidates.items), len(candidates.factors)
    if not found == len(candidates.scores) == len(candidates.sources):
        raise ValueError(f"{found} items, {len(candidates.scores)} scores and {len(candidates.sources)} sources")
    return b"".join(
        (
            _HEADER.pack(_VERSION, 0, rank, found),
            candidates.items.astype("<u4", copy=False).tobytes(),
            candidates.scores.astype("<f4", copy=False).tobytes(),
            candidates.factors.astype("<f4", copy=False).tobytes(),
            candidates.sources.astype("u1", copy=False).tobytes(),
        )
    )


def unpack(packed: bytes) -> BatchCandidates:
    """The inverse of `pack`, as read-only views of `packed`.

    Raises ValueError on another version, a length that disagrees with the header, or a source that is not known.
    """
    if len(packed) < _HEADER.size:
        raise ValueError(f"packed candidates of {len(packed)} bytes; the header alone has {_HEADER.size}")
    version, _, rank, found = _HEADER.unpack_from(packed)
    if version != _VERSION:
        raise ValueError(f"packed candidates of version {version}; this code reads version {_VERSION}")
    expected = _HEADER.size + found * _ROW_BYTES + rank * _ALIGNED
    if len(packed) != expected:
        raise ValueError(f"packed candidates of {len(packed)} bytes; their header says {expected}")
    items = np.frombuffer(packed, "<u4", found, _HEADER.size)
    scores = np.frombuffer(packed, "<f4", found, _HEADER.size + 4 * found)
    factors = np.frombuffer(packed, "<f4", rank, _HEADER.size + 8 * found)
    sources = np.frombuffer(packed, "u1", found, _HEADER.size + 8 * found + 4 * rank)
    if found and int(sources.max()) >= len(SOURCES):
        raise ValueError(f"packed candidates name source {int(sources.max())}; this code knows {len(SOURCES)}")
    return BatchCandidates(items, scores, sources, factors)
