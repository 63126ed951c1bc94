"""The catalogue over HTTP: each change is one record of the compacted topic. What serves from it follows the topic.

An answer means that the broker has the change; this process serves it within a second, the others as well.
"""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

from msgspec import UNSET, Meta, Struct, UnsetType

from headrace.serve.catalogue_feed import Change
from headrace.serve.operation import Operation
from headrace.serve.service import Service
from headrace.serve.upserts import Plain, Upserts, upsert_operations
from headrace.serve.wire import Id, Label, PriceMinor, Text
from headrace.stores.ports import Appended

Currency = Annotated[str, Meta(pattern="^[A-Z]{3}$", description="ISO 4217; the world's where absent")]


class Item(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What is known of an item; everything may be absent. Prices in minor units of the currency."""

    title: Text | UnsetType | None = UNSET
    category: Label | UnsetType | None = UNSET
    brand: Label | UnsetType | None = UNSET
    content_type: Label | UnsetType | None = UNSET
    price_minor: PriceMinor | UnsetType | None = UNSET
    currency: Currency | UnsetType | None = UNSET


class NamedItem(Item, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """An item with its id."""

    item_id: Id


def operations(service: Service) -> tuple[Operation, ...]:
    """PUT, PATCH, DELETE /v1/items/{item_id} and POST /v1/items."""

    async def known(item_id: str) -> Plain | None:
        return _known(service, item_id)

    def wrote(at: Appended, item_id: str, plain: Plain | None) -> None:
        service.feed.wrote(Change(at.partition, at.offset, item_id, plain))

    kind = Upserts(
        noun="item",
        topic="catalogue",
        body=Item,
        named=NamedItem,
        counter="catalogue_upserts_total",
        deleted="Serve an item no more",
        known=known,
        wrote=wrote,
    )
    return upsert_operations(service, kind)


def _known(service: Service, item_id: str) -> Plain | None:
    """The item's newest record, or what the model knew of it when it was trained."""
    plain = service.feed.item(item_id)
    if plain is not None or service.feed.was_deleted(item_id):
        return plain
    catalogue = service.served.current.catalogue
    place = catalogue.index.get(item_id)
    meta = None if place is None else catalogue.metas[place]
    return None if meta is None else asdict(meta)
