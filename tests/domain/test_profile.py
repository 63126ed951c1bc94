"""A record of topic users as values: what is read, what is left out, and how it is packed."""

from __future__ import annotations

import pytest

from headrace.domain.profile import MAX_SEGMENTS, Profile, pack, profile_of, unpack
from headrace.errors import BadEvent

WHOLE = {
    "user_id": "ann",
    "country": "GB",
    "region": "Kent",
    "birth_year": 1984,
    "gender": "f",
    "segments": ["new", "trade"],
    "language": "en-GB",
    "signed_up_at": 1_767_225_600_000,
    "consent": True,
}


def test_every_field_is_read() -> None:
    assert profile_of(WHOLE) == Profile(
        country="GB",
        region="Kent",
        birth_year=1984,
        gender="f",
        segments=("new", "trade"),
        language="en-GB",
        signed_up_at=1_767_225_600_000,
        consent=True,
    )


@pytest.mark.parametrize(
    ("field", "odd"),
    [
        ("country", 49),
        ("country", ""),
        ("region", "x" * 65),
        ("birth_year", 1899),
        ("birth_year", 2101),
        ("birth_year", True),
        ("birth_year", 1984.0),
        ("gender", ["f"]),
        ("segments", "new"),
        ("language", None),
        ("signed_up_at", -1),
        ("signed_up_at", "2026"),
        ("consent", 1),
    ],
)
def test_a_field_of_another_type_or_out_of_bounds_is_absent(field: str, odd: object) -> None:
    assert getattr(profile_of({**WHOLE, field: odd}), field) == getattr(Profile(), field)


def test_segments_beyond_the_bound_are_left_out() -> None:
    assert profile_of({"segments": [str(n) for n in range(MAX_SEGMENTS + 1)]}).segments[-1] == str(MAX_SEGMENTS - 1)


def test_what_was_packed_is_read_back_with_its_offset() -> None:
    assert unpack(pack(7, b'{"country": "GB"}')) == (7, {"country": "GB"})
    assert unpack(pack(2**40, None)) == (2**40, None)


def test_a_later_record_is_the_greater_value_whatever_it_says() -> None:
    assert pack(255, b'{"region":"z"}') < pack(256, None) < pack(257, b"{}")


def test_bytes_that_are_no_record_are_refused() -> None:
    with pytest.raises(BadEvent):
        unpack(pack(1, b"[]"))
