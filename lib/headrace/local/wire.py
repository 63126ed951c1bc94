"""Events, items and people as they travel: the JSON that a client, a replay or the simulator sends. Not checked here.

What arrives is judged by domain/contract.py, whoever sent it.
"""

from __future__ import annotations

from dataclasses import dataclass

import msgspec


class WirePlace(msgspec.Struct, frozen=True):
    """Degrees, WGS 84."""

    lat: float
    lon: float


class WireEvent(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One event, version 1; an absent field is left out of the JSON. Times in ms since 1970 UTC."""

    event_id: str
    kind: str
    occurred_at: int
    received_at: int
    user_id: str | None = None
    session_id: str | None = None
    item_id: str | None = None
    value: float | None = None
    price_minor: int | None = None
    currency: str | None = None
    category: str | None = None
    content_type: str | None = None
    query: str | None = None
    device: str | None = None
    place: WirePlace | None = None
    tz_offset_min: int | None = None
    request_id: str | None = None
    position: int | None = None
    consent: bool | None = None
    catalogue_version: str | None = None

    @property
    def person(self) -> str:
        """`u:<user_id>`, else `s:<session_id>`: the key of its record."""
        return f"u:{self.user_id}" if self.user_id is not None else f"s:{self.session_id}"


class WireItem(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One item of the catalogue; absent fields are left out of the JSON."""

    item_id: str
    title: str | None = None
    category: str | None = None
    brand: str | None = None
    price_minor: int | None = None
    currency: str | None = None
    content_type: str | None = None


class WireUser(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What is known of one person (domain/profile.py); absent fields are left out of the JSON."""

    user_id: str
    country: str | None = None
    region: str | None = None
    birth_year: int | None = None
    gender: str | None = None
    segments: tuple[str, ...] | None = None
    language: str | None = None
    signed_up_at: int | None = None
    consent: bool | None = None


@dataclass(frozen=True, slots=True)
class Record:
    """A Kafka record to be: when it is to be received, its key and its bytes."""

    received_at: int
    key: bytes
    value: bytes


_JSON = msgspec.json.Encoder()


def record_of(event: WireEvent) -> Record:
    """The record of an event, keyed by its person.

    >>> record_of(WireEvent(event_id="e", kind="search", occurred_at=1, received_at=2, session_id="7")).key
    b's:7'
    """
    return Record(event.received_at, event.person.encode(), _JSON.encode(event))


def item_record(item: WireItem) -> Record:
    """The record of a catalogue item, keyed by its id."""
    return Record(0, item.item_id.encode(), _JSON.encode(item))


def user_record(user: WireUser) -> Record:
    """The record of a person's profile, keyed by their id."""
    return Record(0, user.user_id.encode(), _JSON.encode(user))
