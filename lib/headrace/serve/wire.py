"""What goes over the wire for lists of items: requests as they may be sent, answers as they are given. No logic."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Final

import msgspec
from msgspec import Meta, Raw, Struct

from headrace.domain.contract import MAX_AMOUNT, MAX_TEXT
from headrace.domain.events import MAX_ID

MAX_LIMIT: Final = 200
MAX_CONTEXT_EVENTS: Final = 100
MAX_EXCLUDED: Final = 10_000
MAX_RERANKED: Final = 500

Id = Annotated[str, Meta(min_length=1, max_length=MAX_ID)]
Label = Annotated[str, Meta(min_length=1, max_length=MAX_TEXT)]
Limit = Annotated[int, Meta(ge=1, le=MAX_LIMIT)]
Text = Annotated[str, Meta(min_length=1, max_length=1_000)]
PriceMinor = Annotated[int, Meta(ge=0, le=MAX_AMOUNT)]
ContextEvents = Annotated[list[Raw], Meta(max_length=MAX_CONTEXT_EVENTS, description="Events, or parts of them.")]


class PlaceBody(Struct, frozen=True, forbid_unknown_fields=True):
    """Degrees, WGS 84."""

    lat: Annotated[float, Meta(ge=-90, le=90)]
    lon: Annotated[float, Meta(ge=-180, le=180)]


class FilterBody(Struct, frozen=True, forbid_unknown_fields=True):
    """An item passes if it satisfies every part that is given. Prices in minor units, both ends included."""

    categories: tuple[Label, ...] = ()
    content_types: tuple[Label, ...] = ()
    price_from: PriceMinor | None = None
    price_to: PriceMinor | None = None


class ContextBody(Struct, frozen=True, forbid_unknown_fields=True):
    """What is so right now. `events` count at once, before the stream has them; with consent false for this only."""

    place: PlaceBody | None = None
    local_time: Annotated[datetime, Meta(description="RFC 3339, e.g. 2026-01-31T18:30:00+01:00")] | None = None
    device: Label | None = None
    query: Label | None = None
    events: ContextEvents = []


class RecommendationRequest(Struct, frozen=True, forbid_unknown_fields=True):
    """Whose list, where it is shown, and what it may hold. Without user_id and session_id: a list for nobody known."""

    user_id: Id | None = None
    session_id: Id | None = None
    placement: Id = "default"
    limit: Limit = 20
    filter: FilterBody = FilterBody()
    exclude: Annotated[tuple[Id, ...], Meta(max_length=MAX_EXCLUDED)] = ()
    context: ContextBody = ContextBody()
    explain: Annotated[bool, Meta(description="Whether each item says which of the person's items it is due to.")] = (
        False
    )
    dry_run: Annotated[bool, Meta(description="Whether the decision is left out of the log.")] = False


class RerankRequest(Struct, frozen=True, forbid_unknown_fields=True):
    """The items that are already on the page, in the order in which they are there."""

    items: Annotated[tuple[Id, ...], Meta(min_length=1, max_length=MAX_RERANKED)]
    user_id: Id | None = None
    session_id: Id | None = None
    placement: Id = "default"
    context: ContextBody = ContextBody()
    dry_run: bool = False


class BecauseBody(Struct, frozen=True):
    """Without all of the person's events on this item, the recommended one falls from place `place` to `without`."""

    item_id: str
    title: str | None
    place: int
    without: Annotated[int | None, Meta(description="null: not in the list at all")]


class RankedItem(Struct, frozen=True):
    """One item in its place, from 0. `score_micro` is the sum of `parts` (zeros are left out), in millionths."""

    item_id: str
    title: str | None
    place: int
    score_micro: int
    sources: tuple[str, ...]
    parts: dict[str, int]
    because: BecauseBody | None = None
    price_minor: Annotated[int | None, Meta(description="As in the catalogue, in the world's currency.")] = None


class Degraded(Struct, frozen=True):
    """A stage that fell back, why, and on what."""

    stage: Annotated[
        str, Meta(description="tail, panes or candidates; trends: too old; model or items: there are none")
    ]
    why: str
    fallback: str


class Freshness(Struct, frozen=True):
    """Age in ms, on the world's clock, of the newest thing that was used of each speed, and of the published trends;
    null where there was none."""

    live: int | None
    stream: int | None
    batch: int | None
    trends: int | None = None


class Versions(Struct, frozen=True):
    """What the answer was made with. `candidates` is null where the person has none in this model."""

    model: str
    candidates: str | None
    catalogue: str
    feature_set: str
    weights: str
    trends: Annotated[str, Meta(description="The snapshot of trends; none: there is none, or it is too old.")] = "none"


class RankedList(Struct, frozen=True):
    """A list of items with everything that it was made from."""

    request_id: str
    world: str
    clock_ms: int
    versions: Versions
    freshness: Freshness
    degraded: tuple[Degraded, ...]
    items: tuple[RankedItem, ...]


RECOMMENDATION: Final = msgspec.json.Decoder(RecommendationRequest)
RERANK: Final = msgspec.json.Decoder(RerankRequest)
