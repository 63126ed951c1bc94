"""The HTTP edge of the event stream: judged by the same contract as ingest, appended, acknowledged.

What breaks the contract goes byte for byte to events.raw as well, so that only ingest writes events.rejected; what has
no consent goes nowhere. Not here: the contract itself (domain/contract.py).
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from msgspec import Struct
from starlette.requests import Request
from starlette.responses import Response

from headrace.domain.catalogue import Catalogue, ItemMeta
from headrace.domain.contract import event_of
from headrace.domain.events import MAX_EVENT_BYTES, Event
from headrace.domain.fill import NOTHING, Fill, fill
from headrace.domain.strict_json import Document, read_document, with_members
from headrace.errors import BadEvent, StoreUnavailable
from headrace.serve.batches import split_json, split_lines
from headrace.serve.bodies import JSON, NDJSON, as_json, media_type, read_body
from headrace.serve.openapi import REF
from headrace.serve.operation import Operation, Schema
from headrace.serve.problems import Problem
from headrace.serve.service import Service

AT_ONCE: Final = 25
"""Events judged before other requests get their turn: about a millisecond."""

UNKNOWN_ITEMS: Final = "events_unknown_item_total"

EVENT: Final[Schema] = {"$ref": REF.format(name="Event")}


class Rejected(Struct, frozen=True):
    """An event that the stream will not count: its place in the body, its id where it has one, and why."""

    index: int
    event_id: str | None
    reason: str
    detail: str


class Received(Struct, frozen=True):
    """How many events the broker has, and which ones broke the contract."""

    accepted: int
    rejected: tuple[Rejected, ...]


@dataclass(frozen=True, slots=True)
class Judged:
    """One event of the body: what goes to events.raw (None: nothing), under which key, and the fault, if any.

    stranger  whether it names an item that the catalogue does not know
    """

    value: bytes | None
    key: bytes | None = None
    fault: Rejected | None = None
    stranger: bool = False


def operations(service: Service) -> tuple[Operation, ...]:
    """POST /v1/events."""
    settings = service.settings

    async def post(request: Request) -> Response:
        kind = media_type(request, (JSON, NDJSON))
        body = await read_body(request, settings.max_body_bytes)
        raws = split_lines(body) if kind == NDJSON else split_json(body)
        if len(raws) > settings.max_events:
            raise Problem("too-large", f"{len(raws)} events; at most {settings.max_events} in one request")
        judged: list[Judged] = []
        for index, raw in enumerate(raws):
            if index % AT_ONCE == AT_ONCE - 1:
                await asyncio.sleep(0)
            judged.append(judge(service, index, raw))
        await _append(service, judged)
        return as_json(_counted(service, judged), 202)

    return (
        Operation(
            "POST",
            "/v1/events",
            "postEvents",
            f"Say what people did: one event, an array, or a line each; at most {settings.max_events}.",
            post,
            {202: ("The broker has every accepted event", Received)},
            about="An event without consent is dropped and not kept. received_at is set here.\n\n"
            "Where they are absent, category, content_type and, of views, clicks, carts, uncarts and purchases, the"
            " price are filled from the catalogue, with its version in catalogue_version. An event that has one is left"
            " as it is.\n\n"
            "With 503 some events may be kept. Send all of them again: an event's id, person and time make it count"
            " once.",
            request={
                JSON: {"oneOf": [EVENT, {"type": "array", "items": EVENT, "maxItems": settings.max_events}]},
                NDJSON: {"type": "string", "description": "An event a line."},
            },
            problems=("not-json", "bad-field", "too-large", "unsupported-media-type", "unavailable"),
        ),
    )


def judge(service: Service, index: int, raw: bytes) -> Judged:
    """What becomes of one event of a body."""
    event_id: str | None = None
    try:
        if len(raw) > MAX_EVENT_BYTES:
            raise BadEvent("too_large", f"more than {MAX_EVENT_BYTES} bytes")
        document = read_document(raw)
        named = document.get("event_id")
        event_id = named if isinstance(named, str) else None
        received_ms = service.clock.now_ms() or _occurred_ms(document)
        event = event_of(
            document,
            raw,
            received_ms,
            trust_received_at=False,
            allowed_lateness_ms=service.world.allowed_lateness_ms,
        )
    except BadEvent as error:
        fault = Rejected(index, event_id, error.reason, error.detail)
        return Judged(None if error.reason == "no_consent" else raw, fault=fault)
    catalogue = service.served.current.catalogue
    filled = filled_from(catalogue, event, document, service.world.currency)
    value = stamped(raw, {"received_at": received_ms, **filled.members})
    return Judged(value, event.person.encode(), stranger=is_unknown(catalogue, event))


def filled_from(catalogue: Catalogue, event: Event, document: Document, currency: str) -> Fill:
    """What the catalogue adds to the event, which came as `document`. `currency` is the world's."""
    meta = _meta(catalogue, event)
    return NOTHING if meta is None else fill(document, meta, currency, catalogue.id)


def is_unknown(catalogue: Catalogue, event: Event) -> bool:
    """Whether the event is about an item of which the catalogue has nothing but, perhaps, the id."""
    return event.item_id is not None and _meta(catalogue, event) is None


def _meta(catalogue: Catalogue, event: Event) -> ItemMeta | None:
    place = None if event.item_id is None else catalogue.index.get(event.item_id)
    return None if place is None else catalogue.metas[place]


def stamped(raw: bytes, members: Mapping[str, str | int]) -> bytes:
    """The event with these members set and every other byte as it was sent.

    One that would grow past MAX_EVENT_BYTES stays as it is: ingest takes the record's time, nothing is filled.
    """
    grown = with_members(raw.decode(), members).encode()
    return grown if len(grown) <= MAX_EVENT_BYTES else raw


def _occurred_ms(document: Document) -> int:
    """In a world whose clock has not started, an event is received when it happened."""
    occurred = document.get("occurred_at")
    return occurred if type(occurred) is int else 0


async def _append(service: Service, judged: Sequence[Judged]) -> None:
    topic = service.topic("events.raw")
    appends = [service.log.append(topic, one.key, one.value) for one in judged if one.value is not None]
    results = await asyncio.gather(*appends, return_exceptions=True)  # all of them end before the answer is given
    for result in results:
        if isinstance(result, StoreUnavailable):
            raise StoreUnavailable(f"{result}; of {len(results)} events some may be kept: send all of them again")
        if isinstance(result, BaseException):
            raise result


def _counted(service: Service, judged: Sequence[Judged]) -> Received:
    faults = tuple(one.fault for one in judged if one.fault is not None)
    for fault in faults:
        if fault.reason == "no_consent":
            service.metrics.count("events_no_consent_total")
        else:
            service.metrics.count("events_refused_total", f'reason="{fault.reason}"')
    accepted = len(judged) - len(faults)
    service.metrics.count("events_accepted_total", by=accepted)
    service.metrics.count(UNKNOWN_ITEMS, by=sum(one.stranger for one in judged))
    return Received(accepted, faults)
