"""People over HTTP: each change of a profile is one record of the compacted topic users, which live stores.

No list reads a profile: millions of them do not fit in memory, and a request's three reads are taken.
"""

from __future__ import annotations

from collections import OrderedDict
from typing import Annotated, Final

from msgspec import UNSET, Meta, Struct, UnsetType

from headrace.domain.contract import MAX_MS
from headrace.domain.profile import FIRST_YEAR, LAST_YEAR, MAX_SEGMENTS, MAX_WORD, unpack
from headrace.serve.operation import Operation
from headrace.serve.service import Service
from headrace.serve.upserts import Plain, Upserts, upsert_operations
from headrace.serve.wire import Id
from headrace.stores.ports import Appended

RECENT: Final = 10_000
"""Profiles whose newest record this process remembers: what it writes while live is a little behind."""

Word = Annotated[str, Meta(min_length=1, max_length=MAX_WORD)]
Country = Annotated[str, Meta(pattern="^[A-Z]{2}$", description="ISO 3166-1 alpha-2")]
Language = Annotated[
    str, Meta(pattern="^[A-Za-z]{2,3}(-[A-Za-z0-9]{1,8})*$", max_length=MAX_WORD, description="BCP 47, e.g. en-GB")
]
BirthYear = Annotated[int, Meta(ge=FIRST_YEAR, le=LAST_YEAR)]
Segments = Annotated[tuple[Word, ...], Meta(max_length=MAX_SEGMENTS, description="The sender's own groups.")]
SignedUp = Annotated[int, Meta(ge=0, le=MAX_MS, description="Milliseconds since 1970 UTC.")]
Consent = Annotated[bool, Meta(description="What they agreed to in general; about an event, its own consent decides.")]


class User(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What is known of a person apart from what they do; everything may be absent."""

    country: Country | UnsetType | None = UNSET
    region: Word | UnsetType | None = UNSET
    birth_year: BirthYear | UnsetType | None = UNSET
    gender: Word | UnsetType | None = UNSET
    segments: Segments | UnsetType | None = UNSET
    language: Language | UnsetType | None = UNSET
    signed_up_at: SignedUp | UnsetType | None = UNSET
    consent: Consent | UnsetType | None = UNSET


class NamedUser(User, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A person's profile with their user_id."""

    user_id: Id


class OwnWrites:
    """The newest record of each user that this process wrote lately, so that a PATCH goes on from it at once."""

    def __init__(self, capacity: int) -> None:
        self._capacity = capacity
        self._newest: OrderedDict[str, tuple[int, Plain | None]] = OrderedDict()

    def wrote(self, user_id: str, offset: int, plain: Plain | None) -> None:
        """A record that the broker acknowledged."""
        if offset > self._newest.get(user_id, (-1, None))[0]:
            self._newest[user_id] = offset, plain
            self._newest.move_to_end(user_id)
        if len(self._newest) > self._capacity:
            self._newest.popitem(last=False)

    def newer_than(self, user_id: str, offset: int) -> tuple[Plain | None] | None:
        """What was written after the record at `offset`, in a tuple because it may be a deletion; None for nothing."""
        own = self._newest.get(user_id)
        return None if own is None or own[0] <= offset else (own[1],)


def operations(service: Service) -> tuple[Operation, ...]:
    """PUT, PATCH, DELETE /v1/users/{user_id} and POST /v1/users."""
    own = OwnWrites(RECENT)

    async def known(user_id: str) -> Plain | None:
        offset, stored = await stored_profile(service, user_id)
        newer = own.newer_than(user_id, offset)
        return stored if newer is None else newer[0]

    def wrote(at: Appended, user_id: str, plain: Plain | None) -> None:
        own.wrote(user_id, at.offset, plain)

    kind = Upserts(
        noun="user",
        topic="users",
        body=User,
        named=NamedUser,
        counter="profile_upserts_total",
        deleted="Forget a person's profile",
        about_delete="What they did is not touched: this is no erasure of their events.",
        known=known,
        wrote=wrote,
    )
    return upsert_operations(service, kind)


async def stored_profile(service: Service, user_id: str) -> tuple[int, Plain | None]:
    """The stored record with its offset; (-1, None) where there never was one. Raises StoreUnavailable."""
    deadline_s = service.settings.deadline_ms / 1000
    packed = await service.circuit.read(lambda: service.stores().profiles.get(user_id), deadline_s)
    return (-1, None) if packed is None else unpack(packed)
