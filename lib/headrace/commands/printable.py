"""Bytes and text of unknown origin for a terminal: nothing in them can move the cursor, colour or hide anything."""

from __future__ import annotations

from typing import Final

_BACKSLASH: Final = ord("\\")


def printable_bytes(raw: bytes) -> str:
    r"""ASCII as it is, every other byte as \xNN.

    >>> print(printable_bytes(b'{"q": "\xc3\xbc\x1b[2J\\n"}'))
    {"q": "\xc3\xbc\x1b[2J\\n"}
    """
    return "".join(
        "\\\\" if byte == _BACKSLASH else chr(byte) if 32 <= byte < 127 else f"\\x{byte:02x}" for byte in raw
    )


def printable_text(text: str) -> str:
    r"""ASCII as it is, every other character as Python escapes it; so that a character is a column.

    >>> print(printable_text("kind: is ü\u202e\x07"))
    kind: is \xfc\u202e\x07
    """
    return "".join(
        one if one.isascii() and one.isprintable() else one.encode("unicode_escape").decode() for one in text
    )


def cut(text: str, width: int) -> str:
    """At most so many columns of printable text; where something is left out, it ends in three dots.

    >>> cut("0123456789", 10), cut("0123456789", 9)
    ('0123456789', '012345...')
    """
    return text if len(text) <= width else text[: width - 3] + "..."
