"""What an event does not say of its item and a catalogue knows. It keeps no catalogue: the caller says what that knows.

Filled once, where the event comes in; nobody downstream fills, so that all of them count the same category and price.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Final

from headrace.domain.catalogue import ItemMeta

PRICED: Final = frozenset({"view", "click", "cart", "uncart", "purchase"})
"""The kinds that take the item's price. What was merely shown, passed over or turned down would widen the price range
that a person moves in by what they did not want."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fill:
    """What is added to an event; None where nothing is. `catalogue_version` says who knew it, where anything is."""

    category: str | None = None
    content_type: str | None = None
    price_minor: int | None = None
    currency: str | None = None
    catalogue_version: str | None = None

    @property
    def members(self) -> dict[str, str | int]:
        """As members of the event's JSON."""
        return {name: value for name in _MEMBERS if (value := getattr(self, name)) is not None}


NOTHING: Final = Fill()
_MEMBERS: Final = tuple(field.name for field in fields(Fill))


def fill(said: Mapping[str, object], meta: ItemMeta, currency: str | None, version: str) -> Fill:
    """What `meta` adds to the fields of an event; absent and None are the same.

    An event that has a catalogue_version was filled before, by the shop's own client or by a replay, and stays as it
    is. `currency` is that of the meta's price; None where nobody says it, which everywhere means the world's.

    An event that names another currency gets no price: it would be neither the one nor the other.

    >>> fill({"kind": "view", "category": "own"}, ItemMeta(category="mugs", price_minor=250), "GBP", "m1+").members
    {'price_minor': 250, 'currency': 'GBP', 'catalogue_version': 'm1+'}
    """
    if said.get("catalogue_version") is not None:
        return NOTHING
    takes_price = (
        meta.price_minor is not None
        and said.get("kind") in PRICED
        and said.get("price_minor") is None
        and said.get("currency") in (None, currency)
    )
    category = meta.category if said.get("category") is None else None
    content_type = meta.content_type if said.get("content_type") is None else None
    if category is None and content_type is None and not takes_price:
        return NOTHING
    return Fill(
        category=category,
        content_type=content_type,
        price_minor=meta.price_minor if takes_price else None,
        currency=currency if takes_price and said.get("currency") is None else None,
        catalogue_version=version,
    )
