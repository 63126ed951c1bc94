"""An event as everything behind ingest sees it: checked, typed, with its person and its lateness decided.

Not here: how bytes become an event (contract.py), how events become counts (facts.py).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, NewType

Person = NewType("Person", str)  # "u:<user_id>" or "s:<session_id>"; the partition key everywhere
ItemId = NewType("ItemId", str)

KINDS: Final = (
    "impression",
    "view",
    "click",
    "search",
    "rating",
    "like",
    "dislike",
    "hide",
    "cart",
    "uncart",
    "purchase",
    "watch",
    "pause",
    "dwell",
    "skip",
    "playlist_add",
)
"""Every kind of event, version 1. The order is part of the packed facts: append only."""

MAX_EVENT_BYTES: Final = 65_536
MAX_EVENT_ID: Final = 64
MAX_ID: Final = 128
MAX_AHEAD_MS: Final = 300_000
MAX_TZ_OFFSET_MIN: Final = 1440
SESSION_GAP_MS: Final = 1_800_000
UNKNOWN: Final = "unknown"


@dataclass(frozen=True, slots=True)
class Place:
    """Degrees, WGS 84."""

    lat: float
    lon: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """One row of events.clean; absent is None. Times in ms since 1970 UTC, value in thousandths, price in minor units.

    `original` is the event's own JSON text, kept only where it has fields that this version does not know.
    """

    event_id: str
    kind: str
    person: Person
    occurred_at: int
    received_at: int
    late: bool = False
    user_id: str | None = None
    session_id: str | None = None
    item_id: ItemId | None = None
    value_milli: int | None = None
    price_minor: int | None = None
    currency: str | None = None
    category: str | None = None
    content_type: str | None = None
    query: str | None = None
    device: str | None = None
    place: Place | None = None
    tz_offset_min: int | None = None
    request_id: str | None = None
    position: int | None = None
    original: str | None = None

    @property
    def key(self) -> tuple[Person, str, int]:
        """The deduplication key: person, event_id and occurred_at."""
        return self.person, self.event_id, self.occurred_at


def person_of(user_id: str | None, session_id: str | None) -> Person | None:
    """The person of an event: the user where known, else the session, else nobody.

    >>> person_of("17841", "s1"), person_of(None, "s1"), person_of(None, None)
    ('u:17841', 's:s1', None)
    """
    if user_id is not None:
        return Person(f"u:{user_id}")
    return None if session_id is None else Person(f"s:{session_id}")


def is_late(occurred_at: int, received_at: int, allowed_lateness_ms: int) -> bool:
    """The late law, decided once at ingest: more than `allowed_lateness_ms` between happening and receipt."""
    return received_at - occurred_at > allowed_lateness_ms


def is_future(moment: int, known: int) -> bool:
    """More than five minutes ahead of what is known: a broken clock, refused.

    An event of its receipt; and where that is the sender's word, the receipt of the record's own time.
    """
    return moment - known > MAX_AHEAD_MS
