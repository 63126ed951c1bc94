"""Request ids against the layout of RFC 9562, section 5.7, and against Python's own reader of UUIDs."""

from __future__ import annotations

import uuid

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headrace.domain.request_id import RANDOM_BYTES, request_id

TIMES = st.integers(0, (1 << 48) - 1)
BYTES = st.binary(min_size=RANDOM_BYTES, max_size=RANDOM_BYTES)


def test_the_example_of_the_rfc() -> None:
    """Appendix A.6: 2022-02-22T19:22:22Z, rand_a cc3, rand_b 18c4dc0c0c07398f."""
    random = 0xCC3 << 64 | 0x18C4DC0C0C07398F
    assert request_id(0x017F22E279B0, random.to_bytes(10, "big")) == "017f22e279b07cc398c4dc0c0c07398f"


@given(ms=TIMES, random=BYTES)
def test_it_is_a_uuid_of_version_7_that_begins_with_its_time(ms: int, random: bytes) -> None:
    read = uuid.UUID(request_id(ms, random))
    assert (read.version, read.variant, read.int >> 80) == (7, uuid.RFC_4122, ms)


@given(ms=TIMES, random=BYTES, other=BYTES)
def test_every_random_bit_but_the_six_fixed_ones_makes_another_id(ms: int, random: bytes, other: bytes) -> None:
    free = (1 << 80) - 1 - (0xF << 76) - (0b11 << 62)
    differs = (int.from_bytes(random, "big") ^ int.from_bytes(other, "big")) & free != 0
    assert (request_id(ms, random) != request_id(ms, other)) == differs


@pytest.mark.parametrize(("ms", "size", "message"), [(-1, 10, "-1 ms"), (1 << 48, 10, "48 bits"), (0, 9, "9 random")])
def test_what_does_not_fit_is_refused(ms: int, size: int, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        request_id(ms, bytes(size))
