"""Ids of requests: UUIDs of version 7, whose order is that of their time. No clock and no randomness of its own."""

from __future__ import annotations

from typing import Final

RANDOM_BYTES: Final = 10
_VERSION_7: Final = 0x7 << 76
_VARIANT: Final = 0b10 << 62
_FREE: Final = (1 << 80) - 1 - (0xF << 76) - (0b11 << 62)


def request_id(ms: int, random: bytes) -> str:
    """32 hexadecimal digits, first twelve of the milliseconds since 1970; `random`: RANDOM_BYTES, 74 bits of it used.

    RFC 9562, section 5.7. ValueError for a time before 1970 or after the year 10889, or another number of bytes.

    >>> request_id(0x0123456789AB, bytes(RANDOM_BYTES))
    '0123456789ab70008000000000000000'
    """
    if not 0 <= ms < 1 << 48:
        raise ValueError(f"{ms} ms since 1970 do not fit into 48 bits")
    if len(random) != RANDOM_BYTES:
        raise ValueError(f"{len(random)} random bytes; expected {RANDOM_BYTES}")
    return f"{ms << 80 | int.from_bytes(random, 'big') & _FREE | _VERSION_7 | _VARIANT:032x}"
