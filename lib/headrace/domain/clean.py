"""The bytes of events.clean and an Event, both ways. No checking: contract.py did that before it got there.

Canonical JSON: UTF-8, no spaces, fields in the order of FIELDS, absent ones omitted, `late` always there.
"""

from __future__ import annotations

import json
from typing import Final

from headrace.domain.events import Event, Place

FIELDS: Final = (
    "event_id",
    "kind",
    "person",
    "user_id",
    "session_id",
    "item_id",
    "occurred_at",
    "received_at",
    "late",
    "value_milli",
    "price_minor",
    "currency",
    "category",
    "content_type",
    "query",
    "device",
    "place",
    "tz_offset_min",
    "request_id",
    "position",
    "original",
)
"""Every field of an Event, in the order in which it is written."""

_KNOWN: Final = frozenset(FIELDS)
_encode: Final = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode


def write_clean(event: Event) -> bytes:
    """The value of one record of events.clean."""
    present = {name: value for name in FIELDS if (value := getattr(event, name)) is not None}
    if event.place is not None:
        present["place"] = {"lat": event.place.lat, "lon": event.place.lon}
    return _encode(present).encode()


def read_clean(value: bytes) -> Event:
    """The inverse of `write_clean`: `read_clean(write_clean(event)) == event` for every event.

    A field of a later version is left out: while a world is brought to it, ingest may write it before this code knows.
    """
    present = json.loads(value)
    if not present.keys() <= _KNOWN:
        present = {name: present[name] for name in FIELDS if name in present}
    place = present.get("place")
    if place is not None:
        present["place"] = Place(lat=place["lat"], lon=place["lon"])
    return Event(**present)
