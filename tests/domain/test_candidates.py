from __future__ import annotations

import struct
from dataclasses import fields, replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from headrace.domain.candidates import pack, unpack
from headrace.domain.model import SOURCES, BatchCandidates
from headrace.domain.taste import Taste

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


TASTE = Taste(
    categories=("kitchen", "öfen"),
    category_strength=np.array([2.5, -0.75], dtype=np.float32),
    items=np.array([3, 258], dtype=np.uint32),
    item_strength=np.array([-1.5, 4.0], dtype=np.float32),
    as_of_ms=1_700_000_000_000,
    last_ms=1_699_999_999_999,
)


def test_the_bytes_of_a_row_with_a_taste_are_those_of_the_format() -> None:
    packed = pack(replace(of([(258, 1.5, 3), (7, -2.0, 0)], [0.5]), taste=TASTE))
    assert packed == b"".join(
        (
            struct.pack("<BBHI", 2, 2, 1, 2),
            struct.pack("<qqII", 1_700_000_000_000, 1_699_999_999_999, 2, 7 + 5),
            struct.pack("<2I2f1f", 258, 7, 1.5, -2.0, 0.5),
            struct.pack("<2I2f2f2H", 3, 258, -1.5, 4.0, 2.5, -0.75, 7, 5),
            bytes([3, 0]),
            "kitchenöfen".encode(),
        )
    )


STRENGTH = st.floats(width=32, allow_nan=False)


@given(
    rows=ROWS,
    factors=FACTORS,
    categories=st.lists(st.tuples(st.text(max_size=40), STRENGTH), max_size=16),
    items=st.lists(st.tuples(st.integers(0, 2**32 - 1), STRENGTH), max_size=20),
    moments=st.tuples(st.integers(0, 2**53), st.integers(0, 2**53)),
)
def test_a_taste_comes_back_as_it_was(
    rows: list[tuple[int, float, int]],
    factors: list[float],
    categories: list[tuple[str, float]],
    items: list[tuple[int, float]],
    moments: tuple[int, int],
) -> None:
    taste = Taste(
        tuple(name for name, _ in categories),
        np.array([strength for _, strength in categories], dtype=np.float32),
        np.array([item for item, _ in items], dtype=np.uint32),
        np.array([strength for _, strength in items], dtype=np.float32),
        *moments,
    )
    again = unpack(pack(replace(of(rows, factors), taste=taste)))
    assert again.items.tolist() == [item for item, _, _ in rows]
    assert again.sources.tolist() == [source for _, _, source in rows]
    assert again.factors.tolist() == factors
    assert again.taste is not None
    for field in fields(Taste):
        expected, found = getattr(taste, field.name), getattr(again.taste, field.name)
        if isinstance(expected, np.ndarray):
            assert found.dtype == expected.dtype
            assert found.tolist() == expected.tolist()
        else:
            assert found == expected


def test_a_row_of_before_there_was_a_taste_is_read_without_one() -> None:
    old = struct.pack("<BBHI", 1, 0, 1, 1) + struct.pack("<1I1f1f1B", 7, 2.0, 0.5, 3)
    found = unpack(old)
    assert (found.items.tolist(), found.factors.tolist(), found.taste) == ([7], [0.5], None)


@pytest.mark.parametrize("cut", [9, 31, 40, -1])
def test_a_taste_that_ends_early_is_refused(cut: int) -> None:
    with pytest.raises(ValueError, match="packed candidates of"):
        unpack(pack(replace(of([(1, 1.0, 0)], [1.0]), taste=TASTE))[:cut])


def test_names_of_other_sizes_than_the_header_says_are_refused() -> None:
    packed = bytearray(pack(replace(of([], []), taste=TASTE)))
    at = packed.index(struct.pack("<2H", 7, 5))
    packed[at : at + 4] = struct.pack("<2H", 7, 4)
    with pytest.raises(ValueError, match="name 12 bytes of categories; their sizes say 11"):
        unpack(bytes(packed))


def test_a_taste_of_unequal_lengths_is_refused() -> None:
    short = replace(TASTE, item_strength=TASTE.item_strength[:1])
    with pytest.raises(ValueError, match="2 items and 1 strengths of them"):
        pack(replace(of([], []), taste=short))


def test_what_is_unpacked_cannot_be_changed() -> None:
    found = unpack(pack(of([(1, 1.0, 0)], [1.0])))
    with pytest.raises(ValueError, match="read-only"):
        found.items[0] = 2


@pytest.mark.parametrize("cut", [0, 7, 8, -1])
def test_bytes_that_end_early_are_refused(cut: int) -> None:
    with pytest.raises(ValueError, match="packed candidates of"):
        unpack(pack(of([(1, 1.0, 0)], [1.0]))[:cut])


def test_another_version_is_refused() -> None:
    with pytest.raises(ValueError, match="version 3; this code reads 1 and 2: train again"):
        unpack(b"\x03" + pack(of([], []))[1:])


def test_an_unknown_source_is_refused() -> None:
    packed = pack(of([(1, 1.0, 0)], []))
    with pytest.raises(ValueError, match="source 200"):
        unpack(packed[:-1] + bytes([200]))


def test_unequal_lengths_are_refused() -> None:
    whole = of([(1, 1.0, 0)], [])
    with pytest.raises(ValueError, match="1 items, 0 scores"):
        pack(BatchCandidates(whole.items, whole.scores[:0], whole.sources, whole.factors))
