"""What is known of a person apart from what they do: a record of topic users, read as values. No store, no events.

The HTTP edge holds what it takes to the bounds here; from the topic itself anything may come and is read leniently.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from headrace.domain.contract import MAX_MS
from headrace.domain.strict_json import Document, read_document

MAX_WORD: Final = 64
MAX_SEGMENTS: Final = 50
FIRST_YEAR: Final = 1900
LAST_YEAR: Final = 2100
_OFFSET_BYTES: Final = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """One person; absent is None.

    country       ISO 3166-1 alpha-2; region: the sender's own word for a part of it
    birth_year    years 1900 to 2100: a date would identify more than it tells
    gender        the person's own word
    segments      the sender's own groups
    language      BCP 47
    signed_up_at  ms since 1970 UTC
    consent       what they agreed to in general; about an event, its own field decides
    """

    country: str | None = None
    region: str | None = None
    birth_year: int | None = None
    gender: str | None = None
    segments: tuple[str, ...] = ()
    language: str | None = None
    signed_up_at: int | None = None
    consent: bool | None = None


def profile_of(plain: Mapping[str, object]) -> Profile:
    """Read a record of the topic, leniently: a field of another type or out of bounds is absent.

    >>> read = profile_of({"country": 49, "birth_year": 1984, "segments": ["new", "", 7]})
    >>> (read.country, read.birth_year, read.segments)
    (None, 1984, ('new',))
    """
    segments = plain.get("segments")
    named = segments if isinstance(segments, list) else []
    consent = plain.get("consent")
    return Profile(
        country=_word(plain.get("country")),
        region=_word(plain.get("region")),
        birth_year=_within(plain.get("birth_year"), FIRST_YEAR, LAST_YEAR),
        gender=_word(plain.get("gender")),
        segments=tuple(word for segment in named[:MAX_SEGMENTS] if (word := _word(segment)) is not None),
        language=_word(plain.get("language")),
        signed_up_at=_within(plain.get("signed_up_at"), 0, MAX_MS),
        consent=consent if isinstance(consent, bool) else None,
    )


def pack(offset: int, value: bytes | None) -> bytes:
    """A record of the topic as it is stored; None where it deletes the person.

    The offset comes first, highest byte first: of two records written with one timestamp a store keeps the greater
    value, which so is the later record.
    """
    return offset.to_bytes(_OFFSET_BYTES, "big") + (value or b"")


def unpack(packed: bytes) -> tuple[int, Document | None]:
    """The offset and the fields; None for a person who was deleted. Raises BadEvent for bytes that are no record."""
    value = packed[_OFFSET_BYTES:]
    return int.from_bytes(packed[:_OFFSET_BYTES], "big"), read_document(value) if value else None


def _word(value: object) -> str | None:
    return value if isinstance(value, str) and 0 < len(value) <= MAX_WORD else None


def _within(value: object, low: int, high: int) -> int | None:
    return value if type(value) is int and low <= value <= high else None
