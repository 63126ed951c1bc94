"""A request body as the exact bytes of each event, item or user in it. Nothing is judged but where one ends."""

from __future__ import annotations

import re
from typing import Final

import msgspec

from headrace.serve.bodies import not_json
from headrace.serve.problems import bad_field

_SPACE: Final = b" \t\n\r"
_array: Final = msgspec.json.Decoder(list[msgspec.Raw])
# A string, or one of the characters that open, close or part values; everything else belongs to some value.
_TOKEN: Final = re.compile(rb'"(?:[^"\\]|\\.)*"|[\[\]{},]', re.DOTALL)


def split_lines(body: bytes) -> list[bytes]:
    """NDJSON: one a line, without the line's end and outer space; blank lines are nobody's."""
    return [line for raw in body.split(b"\n") if (line := raw.strip(_SPACE))]


def split_json(body: bytes) -> list[bytes]:
    """One object is one of them, an array has one an element. Raises Problem for anything else.

    >>> split_json(b' [{"a": 1}, nan] ')
    [b'{"a": 1}', b'nan']
    """
    text = body.strip(_SPACE)
    if text.startswith(b"["):
        try:
            return [bytes(event) for event in _array.decode(text)]
        except (msgspec.DecodeError, RecursionError):
            return _split_broken(text)  # one event of many is malformed: the others must not suffer for it
    if not text.startswith(b"{"):
        if not text:
            raise not_json("the body is empty")
        raise bad_field("", text[:200].decode(errors="replace"), "expected an object, or an array of them")
    return [text]


def _split_broken(text: bytes) -> list[bytes]:
    events: list[bytes] = []
    depth, start = 0, 1
    for token in _TOKEN.finditer(text):
        mark = token.group()
        if mark in b"[{":
            depth += 1
        elif mark in b"]}":
            depth -= 1
            if depth == 0:
                events.append(text[start : token.start()].strip(_SPACE))
                if token.end() != len(text):
                    raise not_json("something follows the array")
                return events
        elif mark == b"," and depth == 1:
            events.append(text[start : token.start()].strip(_SPACE))
            start = token.end()
    raise not_json("the array does not end")
