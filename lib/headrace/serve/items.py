"""The catalogue over HTTP: each change is one record of the compacted topic. What serves from it follows the topic.

An answer means that the broker has the change; this process serves it within a second, the others as well.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Annotated, Final

import msgspec
from msgspec import UNSET, Meta, Struct, UnsetType
from starlette.requests import Request
from starlette.responses import Response

from headrace.serve.bodies import JSON, as_json, read_json
from headrace.serve.catalogue_feed import Change
from headrace.serve.openapi import REF
from headrace.serve.operation import Operation, Parameter
from headrace.serve.problems import Problem, bad_field
from headrace.serve.service import Service
from headrace.serve.wire import Id, Label, PriceMinor, Text

MAX_ITEMS: Final = 500
Currency = Annotated[str, Meta(pattern="^[A-Z]{3}$", description="ISO 4217; the world's where absent")]

ITEM_ID: Final = Parameter("item_id", "The item's id.", {"type": "string", "minLength": 1, "maxLength": 128})
BROKEN: Final = ("not-json", "bad-field", "too-large", "unsupported-media-type", "unavailable")


class Item(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """What is known of an item; everything may be absent. Prices in minor units of the currency."""

    title: Text | None = None
    category: Label | None = None
    brand: Label | None = None
    content_type: Label | None = None
    price_minor: PriceMinor | None = None
    currency: Currency | None = None


class NamedItem(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """An item with its id."""

    item_id: Id
    title: Text | None = None
    category: Label | None = None
    brand: Label | None = None
    content_type: Label | None = None
    price_minor: PriceMinor | None = None
    currency: Currency | None = None


class ItemPatch(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """Only what changes; null makes a field absent (RFC 7396)."""

    title: Text | UnsetType | None = UNSET
    category: Label | UnsetType | None = UNSET
    brand: Label | UnsetType | None = UNSET
    content_type: Label | UnsetType | None = UNSET
    price_minor: PriceMinor | UnsetType | None = UNSET
    currency: Currency | UnsetType | None = UNSET


class Accepted(Struct, frozen=True):
    """How many items the broker acknowledged."""

    accepted: int


_ITEM: Final = msgspec.json.Decoder(Item)
_PATCH: Final = msgspec.json.Decoder(ItemPatch)
_ITEMS: Final = msgspec.json.Decoder(Annotated[list[NamedItem], Meta(max_length=MAX_ITEMS)])


def operations(service: Service) -> tuple[Operation, ...]:
    """PUT, PATCH, DELETE /v1/items/{item_id} and POST /v1/items."""
    limit = service.settings.max_body_bytes
    changing = asyncio.Lock()  # a PATCH reads and then appends; what comes between the two would be lost

    async def put(request: Request) -> Response:
        item = named(item_id_of(request), await read_json(request, _ITEM, limit))
        async with changing:
            await _append(service, item.item_id, msgspec.to_builtins(item))
        return as_json(item)

    async def patch(request: Request) -> Response:
        item_id = item_id_of(request)
        changes = msgspec.to_builtins(await read_json(request, _PATCH, limit))
        async with changing:
            known = _known(service, item_id)
            merged = {name: value for name, value in {**known, **changes}.items() if value is not None}
            await _append(service, item_id, merged)
        return as_json(merged)

    async def delete(request: Request) -> Response:
        item_id = item_id_of(request)
        async with changing:
            await _append(service, item_id, None)
        return Response(status_code=204)

    async def post(request: Request) -> Response:
        items = await read_json(request, _ITEMS, limit)
        async with changing:
            await asyncio.gather(*(_append(service, item.item_id, msgspec.to_builtins(item)) for item in items))
        return as_json(Accepted(accepted=len(items)))

    path = "/v1/items/{item_id}"
    return (
        Operation(
            "PUT",
            path,
            "putItem",
            "Say all that is known of an item.",
            put,
            {200: ("The item as it is now", NamedItem)},
            parameters=(ITEM_ID,),
            request={JSON: Item},
            problems=BROKEN,
            slashes_in="item_id",
        ),
        Operation(
            "PATCH",
            path,
            "patchItem",
            "Change some of what is known of an item.",
            patch,
            {200: ("The item as it is now", NamedItem)},
            about="Of two changes at the same moment through two processes, the one that the broker has last stands.",
            parameters=(ITEM_ID,),
            request={JSON: ItemPatch},
            problems=("not-found", *BROKEN),
            slashes_in="item_id",
        ),
        Operation(
            "DELETE",
            path,
            "deleteItem",
            "Serve an item no more.",
            delete,
            {204: ("It will not be served; deleting an unknown item is fine", None)},
            parameters=(ITEM_ID,),
            problems=("bad-field", "unavailable"),
            slashes_in="item_id",
        ),
        Operation(
            "POST",
            "/v1/items",
            "putItems",
            f"Say all that is known of up to {MAX_ITEMS} items.",
            post,
            {200: ("All of them are kept", Accepted)},
            about="With 503 some may be kept; sending all again changes nothing for those.",
            request={JSON: {"type": "array", "items": {"$ref": REF.format(name="NamedItem")}, "maxItems": MAX_ITEMS}},
            problems=BROKEN,
        ),
    )


def named(item_id: str, item: Item) -> NamedItem:
    """The item with its id."""
    return NamedItem(
        item_id=item_id,
        title=item.title,
        category=item.category,
        brand=item.brand,
        content_type=item.content_type,
        price_minor=item.price_minor,
        currency=item.currency,
    )


def item_id_of(request: Request) -> str:
    """The path's item id. Raises Problem for one that no event could name."""
    item_id: str = request.path_params["item_id"]
    if not 1 <= len(item_id) <= 128:
        raise bad_field("item_id", item_id, "Expected str of length 1 to 128")
    return item_id


def _known(service: Service, item_id: str) -> Mapping[str, object]:
    """The item's newest record, or what the model knew of it when it was trained."""
    plain = service.feed.item(item_id)
    if plain is not None:
        return plain
    catalogue = service.served.current.catalogue
    place = catalogue.index.get(item_id)
    meta = None if place is None or service.feed.was_deleted(item_id) else catalogue.metas[place]
    if meta is None:
        raise Problem("not-found", f"item {item_id!r} is not in the catalogue: PUT it first")
    fields = ("title", "category", "brand", "content_type", "price_minor")
    return {"item_id": item_id, **{name: getattr(meta, name) for name in fields}}


async def _append(service: Service, item_id: str, plain: Mapping[str, object] | None) -> None:
    value = None if plain is None else msgspec.json.encode(plain)
    at = await service.log.append(service.topic("catalogue"), item_id.encode(), value)
    service.feed.wrote(Change(at.partition, at.offset, item_id, plain))
    service.metrics.count("catalogue_upserts_total")
