"""The event contract, version 1: which bytes are an event and why others are not. JSON's own grammar is strict_json.py.

FIELDS is the law as a table; conf/event-v1.schema.json says it to other languages, stream/validate.py to Spark. The
first reason that applies, in the order of REASONS, is the reason. Corners, each decided once:

- null equals absent. Lengths are code points. An empty string is a bad value.
- An integer is written without point and exponent and fits int64; anything else there is of the wrong type, also 1.0.
  A number is any JSON number, read as binary64 (an overflow becomes infinite, and so a bad value). true is no number.
- item_id may be missing where kind is the string "search". place needs both lat and lon.
- received_at is held to its type and range even where it is not believed.
- Times lie before the year 10000, prices within 9e12: what sums or subtracts them later cannot overflow.
- occurred_at lies in 1973 or later. In seconds it would be a day of January 1970, in microseconds or nanoseconds one
  beyond 9999: a time in another unit is a bad value, not a late event.
- consent false wins over every other fault of the fields; consent true and null mean the same.
- A field that FIELDS does not name, at the top or within place, null or not, keeps the text of the event in `original`.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any, Final

from headrace.domain.events import (
    KINDS,
    MAX_AHEAD_MS,
    MAX_EVENT_BYTES,
    MAX_EVENT_ID,
    MAX_ID,
    MAX_TZ_OFFSET_MIN,
    Event,
    Place,
    is_future,
    is_late,
    person_of,
)
from headrace.domain.strict_json import Document, read_document
from headrace.errors import BadEvent

REASONS: Final = (
    "too_large",
    "not_utf8",
    "not_json",
    "not_object",
    "no_consent",
    "missing_field",
    "wrong_type",
    "bad_value",
    "unknown_kind",
    "no_person",
    "future",
)
"""Every reason code, in the order in which they are looked for."""

MAX_TEXT: Final = 256
MAX_AMOUNT: Final = 9_000_000_000_000
MIN_MS: Final = 100_000_000_000  # March 1973; as seconds, the year 5138
MAX_MS: Final = 253_402_300_799_999  # the last millisecond of the year 9999; as microseconds, the year 1978


class Type(Enum):
    """What a field's value must be; the text is how a person is told."""

    TEXT = "a string"
    CURRENCY = "a string of three capital letters"
    INTEGER = "an integer"
    NUMBER = "a number"
    BOOLEAN = "true or false"
    OBJECT = "an object"


@dataclass(frozen=True, slots=True)
class Field:
    """One row of the law. low and high bound a string's length or a number's value, both inclusive."""

    name: str
    type: Type
    low: int = 0
    high: int = 0

    @property
    def wanted_type(self) -> str:
        return f"{self.name}: must be {self.type.value}"

    @property
    def wanted_value(self) -> str:
        match self.type:
            case Type.TEXT:
                return f"{self.wanted_type} of {self.low} to {self.high} characters"
            case Type.INTEGER | Type.NUMBER:
                return f"{self.wanted_type} from {self.low} to {self.high}"
            case _:
                return self.wanted_type


FIELDS: Final = (
    Field("event_id", Type.TEXT, 1, MAX_EVENT_ID),
    Field("kind", Type.TEXT, 1, MAX_EVENT_ID),
    Field("user_id", Type.TEXT, 1, MAX_ID),
    Field("session_id", Type.TEXT, 1, MAX_ID),
    Field("item_id", Type.TEXT, 1, MAX_ID),
    Field("occurred_at", Type.INTEGER, MIN_MS, MAX_MS),
    Field("received_at", Type.INTEGER, 0, MAX_MS),
    Field("value", Type.NUMBER, -MAX_AMOUNT, MAX_AMOUNT),
    Field("price_minor", Type.INTEGER, 0, MAX_AMOUNT),
    Field("currency", Type.CURRENCY),
    Field("category", Type.TEXT, 1, MAX_TEXT),
    Field("content_type", Type.TEXT, 1, MAX_TEXT),
    Field("query", Type.TEXT, 1, MAX_TEXT),
    Field("device", Type.TEXT, 1, MAX_TEXT),
    Field("place", Type.OBJECT),
    Field("place.lat", Type.NUMBER, -90, 90),
    Field("place.lon", Type.NUMBER, -180, 180),
    Field("tz_offset_min", Type.INTEGER, -MAX_TZ_OFFSET_MIN, MAX_TZ_OFFSET_MIN),
    Field("request_id", Type.TEXT, 1, MAX_ID),
    Field("position", Type.INTEGER, 0, 2**63 - 1),
    Field("consent", Type.BOOLEAN),
)
"""Every field, in the order in which a fault is looked for; a dotted name is a field within place."""

REQUIRED: Final = ("event_id", "kind", "occurred_at")
REQUIRED_UNLESS_SEARCH: Final = "item_id"
REQUIRED_OF_PLACE: Final = ("place.lat", "place.lon")
KNOWN: Final = frozenset(field.name for field in FIELDS if "." not in field.name)
KNOWN_OF_PLACE: Final = frozenset(name.removeprefix("place.") for name in REQUIRED_OF_PLACE)

TOO_LARGE: Final = f"more than {MAX_EVENT_BYTES} bytes"
NO_CONSENT: Final = "consent: false"
UNKNOWN_KIND: Final = f"kind: must be one of {', '.join(KINDS)}"
NO_PERSON: Final = "user_id, session_id: one of them must be given"
FUTURE: Final = f"occurred_at: more than {MAX_AHEAD_MS} ms ahead of received_at"
FUTURE_RECEIPT: Final = f"received_at: more than {MAX_AHEAD_MS} ms ahead of the record's own time"

_KINDS: Final = frozenset(KINDS)
_COPIED: Final = tuple(
    name
    for name in (field.name for field in FIELDS)
    if "." not in name and name not in ("value", "place", "consent", "received_at")
)


def missing(name: str) -> str:
    """The detail of missing_field."""
    return f"{name}: missing"


def read_event(raw: bytes, record_ms: int, *, trust_received_at: bool, allowed_lateness_ms: int) -> Event:
    """The event that the bytes are. `record_ms` is when the log received them. Raises BadEvent otherwise."""
    if len(raw) > MAX_EVENT_BYTES:
        raise BadEvent("too_large", TOO_LARGE)
    document = read_document(raw)
    return event_of(
        document, raw, record_ms, trust_received_at=trust_received_at, allowed_lateness_ms=allowed_lateness_ms
    )


def event_of(
    document: Document, raw: bytes, record_ms: int, *, trust_received_at: bool, allowed_lateness_ms: int
) -> Event:
    """The event that a strict JSON object is; `raw` are its bytes. Raises BadEvent."""
    if document.get("consent") is False:
        raise BadEvent("no_consent", NO_CONSENT)
    values = _values(document)
    for reason, faults in (("missing_field", _missing), ("wrong_type", _mistyped), ("bad_value", _out_of_bounds)):
        for detail in faults(values):
            raise BadEvent(reason, detail)
    if values["kind"] not in _KINDS:
        raise BadEvent("unknown_kind", _is(UNKNOWN_KIND, values["kind"]))
    person = person_of(values.get("user_id"), values.get("session_id"))
    if person is None:
        raise BadEvent("no_person", NO_PERSON)
    received_at = values.get("received_at", record_ms) if trust_received_at else record_ms
    if is_future(values["occurred_at"], received_at):
        raise BadEvent("future", FUTURE)
    if is_future(received_at, record_ms):  # one such event would carry the clock and every window of the world with it
        raise BadEvent("future", FUTURE_RECEIPT)
    return Event(
        person=person,
        received_at=received_at,
        late=is_late(values["occurred_at"], received_at, allowed_lateness_ms),
        value_milli=_thousandths(values["value"]) if "value" in values else None,
        place=Place(float(values["place.lat"]), float(values["place.lon"])) if "place" in values else None,
        original=raw.decode() if _has_unknown(document) else None,
        **{name: values[name] for name in _COPIED if name in values},
    )


def _values(document: Document) -> dict[str, Any]:
    """Known fields that are there, by table name."""
    values = {name: value for name, value in document.items() if value is not None and name in KNOWN}
    place = values.get("place")
    if isinstance(place, dict):
        values |= {f"place.{name}": place[name] for name in KNOWN_OF_PLACE if place.get(name) is not None}
    return values


def _has_unknown(document: Document) -> bool:
    place = document.get("place")
    return not (document.keys() <= KNOWN and (not isinstance(place, dict) or place.keys() <= KNOWN_OF_PLACE))


def _missing(values: Mapping[str, object]) -> Iterator[str]:
    required = REQUIRED if values.get("kind") == "search" else (*REQUIRED, REQUIRED_UNLESS_SEARCH)
    within = REQUIRED_OF_PLACE if isinstance(values.get("place"), dict) else ()
    return (missing(name) for name in (*required, *within) if name not in values)


def _mistyped(values: Mapping[str, object]) -> Iterator[str]:
    for field in FIELDS:
        if field.name in values and type(values[field.name]) not in _PYTHON_TYPES[field.type]:
            yield _is(field.wanted_type, values[field.name])


def _out_of_bounds(values: Mapping[str, Any]) -> Iterator[str]:
    for field in FIELDS:
        if field.name in values and not _within_bounds(field, values[field.name]):
            yield _is(field.wanted_value, values[field.name])


def _within_bounds(field: Field, value: Any) -> bool:  # its type has been checked
    match field.type:
        case Type.TEXT:
            return field.low <= len(value) <= field.high
        case Type.INTEGER | Type.NUMBER:
            return bool(field.low <= value <= field.high)
        case Type.CURRENCY:
            return len(value) == 3 and all("A" <= letter <= "Z" for letter in value)
        case Type.BOOLEAN | Type.OBJECT:
            return True


def _thousandths(value: float) -> int:
    """Half up, in binary64, so that Spark's double arithmetic gives the same integer.

    >>> _thousandths(4.5), _thousandths(0.0005), _thousandths(-0.0005), _thousandths(3)
    (4500, 1, 0, 3000)
    """
    return math.floor(float(value) * 1000.0 + 0.5)


def _is(wanted: str, value: object) -> str:
    return f"{wanted}; is {json.dumps(value, ensure_ascii=False)[:100]}"


_PYTHON_TYPES: Final = {
    Type.TEXT: (str,),
    Type.CURRENCY: (str,),
    Type.INTEGER: (int,),
    Type.NUMBER: (int, float),
    Type.BOOLEAN: (bool,),
    Type.OBJECT: (dict,),
}
