"""Bytes to one JSON object and back, without JSON's usual leniency. Which fields an event has is contract.py.

RFC 8259 to the letter, and stricter where readers are known to differ, so that all readers of the bytes see one thing:

| refused                                                          | as         |
|------------------------------------------------------------------|------------|
| bytes that are not UTF-8                                         | not_utf8   |
| anything before, after or beside exactly one value, a BOM too    | not_json   |
| NaN, Infinity, single quotes, comments, control characters       | not_json   |
| escapes that name half a surrogate pair                          | not_json   |
| a name twice in one object, however it is spelled                | not_json   |
| objects and arrays nested deeper than 64 levels                  | not_json   |
| a number of more than 1,000 characters                           | not_json   |
| a name of more than 50,000 UTF-16 units                          | not_json   |
| a value that is no object                                        | not_object |

The limits are there for the JVM's sake. Its parser refuses names of more than 50,000 units, and numbers from about
1,000 digits: from where exactly depends on where they stand. And a nesting of 1,000 parses, but describing it overflows
the stack, which takes the whole process down.
An integer literal beyond int64 is read as the nearest binary64, like every number with a point or an exponent.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Final, NoReturn, TypeAlias

from headrace.errors import BadEvent

Document: TypeAlias = dict[str, object]
"""A JSON object as Python values: str, int within int64, float, bool, None, list, dict."""

MAX_DEPTH: Final = 64
MAX_NUMBER: Final = 1_000
MAX_NAME_UNITS: Final = 50_000

_INT64_MIN: Final = -(2**63)
_INT64_MAX: Final = 2**63 - 1
_SPACE: Final = " \t\n\r"
_ESCAPED_SURROGATE: Final = re.compile(r"\\u[dD][89a-fA-F]")


class _Refused(ValueError):
    """Raised inside the parser, where only a ValueError passes through."""


def read_document(raw: bytes) -> Document:
    """The one JSON object that the bytes hold. Raises BadEvent(not_utf8, not_json or not_object)."""
    try:
        text = raw.decode()
    except UnicodeDecodeError as error:
        raise BadEvent("not_utf8", f"byte {error.start} is not UTF-8") from error
    try:
        value = _DECODER.decode(text)
    except (ValueError, RecursionError) as error:
        raise BadEvent("not_json", f"not exactly one JSON value; {error}") from error
    if text.count("{") + text.count("[") > MAX_DEPTH and _depth(value) > MAX_DEPTH:
        raise BadEvent("not_json", f"not exactly one JSON value; nested deeper than {MAX_DEPTH} levels")
    if _ESCAPED_SURROGATE.search(text) and not _is_unicode(value):
        raise BadEvent("not_json", "not exactly one JSON value; half a surrogate pair")
    if type(value) is not dict:
        raise BadEvent("not_object", "a JSON value, but no object")
    return value


def with_members(text: str, members: Mapping[str, str | int]) -> str:
    """The text of an object that `read_document` accepted, with these members set and every other byte kept.

    >>> with_members('{"a": 1.10, "b": null}', {"b": "x", "c": 2})
    '{"a": 1.10,"b":"x","c":2}'
    """
    kept = [text[start:end] for name, start, end in _members(text) if name not in members]
    added = [f"{json.dumps(name)}:{json.dumps(value, ensure_ascii=False)}" for name, value in members.items()]
    return "{" + ",".join(kept + added) + "}"


def _members(text: str) -> list[tuple[str, int, int]]:
    """(name, start, end) of each member of the object that is `text`."""
    found: list[tuple[str, int, int]] = []
    at = _after_space(text, text.index("{") + 1)
    while text[at] != "}":
        name, colon = _DECODER.raw_decode(text, at)
        value_at = _after_space(text, _after_space(text, colon) + 1)
        _, end = _DECODER.raw_decode(text, value_at)
        found.append((name, at, end))
        at = _after_space(text, end)
        at = _after_space(text, at + 1) if text[at] == "," else at
    return found


def _after_space(text: str, at: int) -> int:
    while text[at] in _SPACE:
        at += 1
    return at


def _object(pairs: list[tuple[str, object]]) -> Document:
    document = dict(pairs)
    if len(document) != len(pairs):
        raise _Refused("a name stands twice in one object")
    for name in document:
        if len(name) * 2 > MAX_NAME_UNITS and len(name.encode("utf-16-le", "surrogatepass")) // 2 > MAX_NAME_UNITS:
            raise _Refused(f"a name of more than {MAX_NAME_UNITS} UTF-16 units")
    return document


def _integer(literal: str) -> int | float:
    if len(literal) < 19:
        return int(literal)
    number = _real(literal)
    if abs(number) > 2**64:
        return number
    exact = int(literal)
    return exact if _INT64_MIN <= exact <= _INT64_MAX else number


def _real(literal: str) -> float:
    if len(literal) > MAX_NUMBER:
        raise _Refused(f"a number of more than {MAX_NUMBER} characters")
    return float(literal)


def _constant(literal: str) -> NoReturn:
    raise _Refused(f"{literal} is no JSON")


def _depth(value: object) -> int:
    """Levels of objects and arrays; a scalar has none. A loop, because the depth may be all that the stack bears."""
    level, inner = 0, [value]
    while inner := [part for part in inner if isinstance(part, dict | list)]:
        level += 1
        inner = [child for part in inner for child in (part.values() if isinstance(part, dict) else part)]
    return level


def _is_unicode(value: object) -> bool:
    try:
        json.dumps(value, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        return False
    return True


_DECODER: Final = json.JSONDecoder(
    object_pairs_hook=_object, parse_int=_integer, parse_float=_real, parse_constant=_constant
)
