from __future__ import annotations

import struct

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from headrace.domain.candidates import pack, unpack
from headrace.domain.model import SOURCES, BatchCandidates

ROWS = st.lists(
    st.tuples(st.integers(0, 2**32 - 1), st.floats(width=32, allow_nan=False), st.integers(0, len(SOURCES) - 1)),
    max_size=50,
)
FACTORS = st.lists(st.floats(width=32, allow_nan=False), max_size=20)


def of(rows: list[tuple[int, float, int]], factors: list[float]) -> BatchCandidates:
    return BatchCandidates(
        np.array([item for item, _, _ in rows], dtype=np.uint32),
        np.array([score for _, score, _ in rows], dtype=np.float32),
        np.array([source for _, _, source in rows], dtype=np.uint8),
        np.array(factors, dtype=np.float32),
    )


def test_the_bytes_are_those_of_the_format() -> None:
    packed = pack(of([(258, 1.5, 3), (7, -2.0, 0)], [0.5]))
    assert packed == struct.pack("<BBHI", 1, 0, 1, 2) + struct.pack("<2I2f1f2B", 258, 7, 1.5, -2.0, 0.5, 3, 0)


@given(rows=ROWS, factors=FACTORS)
def test_unpacking_gives_back_what_was_packed(rows: list[tuple[int, float, int]], factors: list[float]) -> None:
    packed = of(rows, factors)
    again = unpack(pack(packed))
    for name in ("items", "scores", "sources", "factors"):
        expected, found = getattr(packed, name), getattr(again, name)
        assert found.dtype == expected.dtype
        assert found.tolist() == expected.tolist()


def test_what_is_unpacked_cannot_be_changed() -> None:
    found = unpack(pack(of([(1, 1.0, 0)], [1.0])))
    with pytest.raises(ValueError, match="read-only"):
        found.items[0] = 2


@pytest.mark.parametrize("cut", [0, 7, 8, -1])
def test_bytes_that_end_early_are_refused(cut: int) -> None:
    with pytest.raises(ValueError, match="packed candidates of"):
        unpack(pack(of([(1, 1.0, 0)], [1.0]))[:cut])


def test_another_version_is_refused() -> None:
    with pytest.raises(ValueError, match="version 2"):
        unpack(b"\x02" + pack(of([], []))[1:])


def test_an_unknown_source_is_refused() -> None:
    packed = pack(of([(1, 1.0, 0)], []))
    with pytest.raises(ValueError, match="source 200"):
        unpack(packed[:-1] + bytes([200]))


def test_unequal_lengths_are_refused() -> None:
    whole = of([(1, 1.0, 0)], [])
    with pytest.raises(ValueError, match="1 items, 0 scores"):
        pack(BatchCandidates(whole.items, whole.scores[:0], whole.sources, whole.factors))
