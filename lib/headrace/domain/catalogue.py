"""Every item that can be served, as arrays that share one index with the model. No model factors, no files.

The first items are the model's, in its order, so a model index is a catalogue index; items that appeared since follow.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from headrace.domain.events import UNKNOWN

NO_PRICE = -1


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemMeta:
    """What is known of one item; absent is None. `price_minor` is in the world's currency, else absent."""

    title: str | None = None
    category: str | None = None
    brand: str | None = None
    content_type: str | None = None
    price_minor: int | None = None


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Catalogue:
    """n items; every array below is aligned with `items` unless it says otherwise.

    base, offset     the model version that the first items come from, and how far the catalogue topic was read
    index            item id → place in items
    metas            ItemMeta, or None where only events know the item
    alive            bool; False for an item that was deleted: known, never served
    popularity       int64; the model's, 0 for items that appeared since
    price_minor      int64; NO_PRICE where absent
    category         int64; places in `categories`, whose first is "unknown"; content_type likewise
    category_code    category name → its place in `categories`
    by_id, id_rank   int64; indices in order of item id, and each item's place in that order: the last tie-break
    by_popularity    int64 [alive]; indices of living items, most popular first, ties by id
    by_category      int64 [alive]; the same, grouped: category c is by_category[starts[c]:starts[c + 1]]
    """

    base: str
    offset: str
    items: tuple[str, ...]
    index: Mapping[str, int]
    metas: tuple[ItemMeta | None, ...]
    alive: NDArray[np.bool_]
    popularity: NDArray[np.int64]
    price_minor: NDArray[np.int64]
    categories: tuple[str, ...]
    category_code: Mapping[str, int]
    category: NDArray[np.int64]
    content_types: tuple[str, ...]
    content_type: NDArray[np.int64]
    by_id: NDArray[np.int64]
    id_rank: NDArray[np.int64]
    by_popularity: NDArray[np.int64]
    by_category: NDArray[np.int64]
    starts: NDArray[np.int64]

    @property
    def id(self) -> str:
        """Names this snapshot: base version and catalogue offset; the same id is the same content."""
        return f"{self.base}+{self.offset}"

    def in_category(self, code: int) -> NDArray[np.int64]:
        """Living items of one category, most popular first."""
        return self.by_category[self.starts[code] : self.starts[code + 1]]


def item_meta(plain: Mapping[str, object], currency: str) -> ItemMeta:
    """Read a catalogue record, leniently: a field of another type is absent, a price in another currency too.

    >>> item_meta({"category": "mugs", "price_minor": 250, "currency": "EUR", "title": 7}, "GBP")
    ItemMeta(title=None, category='mugs', brand=None, content_type=None, price_minor=None)
    """
    price = plain.get("price_minor")
    priced = isinstance(price, int) and not isinstance(price, bool) and 0 <= price < 2**63
    ours = plain.get("currency") in (None, currency)
    return ItemMeta(
        title=_text(plain.get("title")),
        category=_text(plain.get("category")),
        brand=_text(plain.get("brand")),
        content_type=_text(plain.get("content_type")),
        price_minor=price if isinstance(price, int) and priced and ours else None,
    )


def catalogue_of(
    base: str,
    items: Sequence[str],
    popularity: NDArray[np.int64],
    metas: Sequence[ItemMeta | None],
    offset: str = "",
) -> Catalogue:
    """The catalogue of a model: its items in its order, all alive, before anything that happened since."""
    by_id = np.array(sorted(range(len(items)), key=items.__getitem__), dtype=np.int64)
    return _assemble(base, offset, tuple(items), tuple(metas), np.ones(len(items), dtype=np.bool_), popularity, by_id)


def with_changes(catalogue: Catalogue, changes: Mapping[str, ItemMeta | None], offset: str) -> Catalogue:
    """The catalogue after these upserts (a meta) and deletions (None), read up to `offset`.

    Deleting an unknown item changes nothing; an upsert brings a deleted item back. Indices of known items stay.
    Some tens of ms for 100,000 items: call it every other second, with all that came in between.
    """
    metas = list(catalogue.metas)
    alive = catalogue.alive.copy()
    added: dict[str, ItemMeta] = {}
    for item, meta in changes.items():
        place = catalogue.index.get(item)
        if place is not None:
            alive[place] = meta is not None
            metas[place] = meta if meta is not None else metas[place]
        elif meta is not None:
            added[item] = meta
    items = catalogue.items + tuple(added)
    grown = np.zeros(len(added), dtype=np.int64)
    return _assemble(
        catalogue.base,
        offset,
        items,
        (*metas, *added.values()),
        np.concatenate([alive, np.ones(len(added), dtype=np.bool_)]),
        np.concatenate([catalogue.popularity, grown]),
        _inserted(catalogue.by_id, items, len(added)),
        catalogue.index if not added else None,
    )


def _assemble(
    base: str,
    offset: str,
    items: tuple[str, ...],
    metas: tuple[ItemMeta | None, ...],
    alive: NDArray[np.bool_],
    popularity: NDArray[np.int64],
    by_id: NDArray[np.int64],
    index: Mapping[str, int] | None = None,
) -> Catalogue:
    categories, category = coded([None if meta is None else meta.category for meta in metas])
    content_types, content_type = coded([None if meta is None else meta.content_type for meta in metas])
    prices = [NO_PRICE if meta is None or meta.price_minor is None else meta.price_minor for meta in metas]
    id_rank = np.empty(len(items), dtype=np.int64)
    id_rank[by_id] = np.arange(len(items), dtype=np.int64)
    living = by_id[alive[by_id]]
    by_popularity = living[np.argsort(-popularity[living], kind="stable")]
    by_category = by_popularity[np.argsort(category[by_popularity], kind="stable")]
    return Catalogue(
        base=base,
        offset=offset,
        items=items,
        index=index if index is not None else {item: place for place, item in enumerate(items)},
        metas=metas,
        alive=alive,
        popularity=np.array(popularity, dtype=np.int64),
        price_minor=np.array(prices, dtype=np.int64),
        categories=categories,
        category_code={name: code for code, name in enumerate(categories)},
        category=category,
        content_types=content_types,
        content_type=content_type,
        by_id=by_id,
        id_rank=id_rank,
        by_popularity=by_popularity,
        by_category=by_category,
        starts=np.searchsorted(category[by_category], np.arange(len(categories) + 1)).astype(np.int64),
    )


def coded(names: Sequence[str | None]) -> tuple[tuple[str, ...], NDArray[np.int64]]:
    """Names in order, "unknown" first, and each row's place among them: the same whatever the order of the rows."""
    known = (UNKNOWN, *sorted({name for name in names if name is not None} - {UNKNOWN}))
    code = {name: place for place, name in enumerate(known)}
    return known, np.array([0 if name is None else code[name] for name in names], dtype=np.int64)


def _inserted(by_id: NDArray[np.int64], items: tuple[str, ...], added: int) -> NDArray[np.int64]:
    """`by_id` with the last `added` items put where they belong: a bisection each instead of a sort of all."""
    old = by_id.tolist()
    new = sorted(range(len(items) - added, len(items)), key=items.__getitem__)
    places = [bisect_left(old, items[place], key=items.__getitem__) for place in new]
    return np.insert(by_id, places, new)


def _text(value: object) -> str | None:
    return value if isinstance(value, str) and value else None
