"""One lively person in a shop of 5,000 items, in the stores' own bytes: what an answer is made from. No measuring."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from headrace.domain.candidates import pack
from headrace.domain.catalogue import ItemMeta, catalogue_of
from headrace.domain.clean import write_clean
from headrace.domain.events import Event, ItemId, Person
from headrace.domain.facts import Facts, facts_of, merge, zero
from headrace.domain.facts import pack as pack_facts
from headrace.domain.features import FEATURE_SET_ID
from headrace.domain.model import SOURCES, BatchCandidates, ModelArrays
from headrace.domain.panes import DAY_MS, HOUR_MS, PaneKey, entry_key, hour_of, pane_of
from headrace.domain.snapshots import Snapshots, snapshots_of
from headrace.domain.taste import CATEGORIES as MOST_CATEGORIES
from headrace.domain.taste import LIKED, REFUSED, Taste
from headrace.stores.cassandra.panes import cells_of
from headrace.stores.event_json import read_event
from headrace.stores.memory import MemoryStores

CLOCK = 1_767_225_600_000
ANN = Person("u:ann")
ITEMS, CATEGORIES, RANK, NEIGHBOURS = 5_000, 40, 48, 50
EVENTS, CELLS, FOUND = 100, 300, 100
_KINDS = ("view", "dwell", "click", "view", "skip", "cart", "view", "dwell", "like", "purchase", "hide", "impression")


@dataclass(slots=True)
class PackedTails:
    """The rows of session_tail, decoded at every read as the store does."""

    rows: Mapping[Person, list[bytes]]

    async def newest(self, person: Person, limit: int) -> tuple[Event, ...]:
        await asyncio.sleep(0)
        return tuple([read_event(row) for row in self.rows[person][:limit]])


@dataclass(slots=True)
class PackedPanes:
    """The rows of user_panes, likewise."""

    rows: Mapping[str, list[tuple[int, dict[str, bytes]]]]

    async def since(self, owner: str, from_ms: int) -> Mapping[PaneKey, Facts]:
        await asyncio.sleep(0)
        return cells_of([row for row in self.rows[owner] if row[0] >= hour_of(from_ms)])


class LivelyStores(MemoryStores):
    """Memory stores but for the two whose rows must be unpacked at every read, which suspend as a socket would."""

    def __init__(self) -> None:
        super().__init__()
        self.tails = PackedTails({ANN: [write_clean(event) for event in events()]})  # type: ignore[assignment]  # reads only
        self.user_panes = PackedPanes({ANN: pane_rows()})  # type: ignore[assignment]  # reads only


def item(number: int) -> ItemId:
    return ItemId(f"item-{number * 7919 % ITEMS:05d}")


def meta(number: int) -> ItemMeta:
    return ItemMeta(
        title=f"A thing called {item(number)}",
        category=f"category-{number % CATEGORIES}",
        content_type=("product", "video", "article")[number % 3],
        price_minor=100 + number * 37 % 9_900,
    )


def snapshots() -> Snapshots:
    """A model with random factors and neighbours, the same ones every time."""
    chance = np.random.default_rng(7)
    items = tuple(item(number) for number in range(ITEMS))
    model = ModelArrays(
        version="m20260101T000000Z-00000000",
        feature_set_id=FEATURE_SET_ID,
        items=items,
        index={name: place for place, name in enumerate(items)},
        item_factors=chance.normal(0, 0.1, (ITEMS, RANK)).astype(np.float32),
        neighbours=chance.integers(0, ITEMS, (ITEMS, NEIGHBOURS)).astype(np.int32),
        neighbour_scores=np.sort(chance.random((ITEMS, NEIGHBOURS)).astype(np.float32))[:, ::-1].copy(),
        popularity=chance.integers(0, 2_000, ITEMS).astype(np.int64),
    )
    metas = [meta(number) for number in range(ITEMS)]
    return snapshots_of(model, catalogue_of(model.version, items, model.popularity, metas))


def events() -> list[Event]:
    """The tail, newest first: one event every 20 s, so half of the tail is older than a pane or two."""
    return [_event(number) for number in range(EVENTS)]


def _event(number: int) -> Event:
    place = number * 31 % 60  # sixty different items
    about = meta(place)
    kind = _KINDS[number % len(_KINDS)]
    return Event(
        event_id=f"0b7e9c1e-{number:04d}-4b9c-9a57-7f2f8e6f2f11",
        kind=kind,
        person=ANN,
        occurred_at=CLOCK - number * 20_000 - 1_500,
        received_at=CLOCK - number * 20_000 - 1_480,
        user_id="ann",
        session_id="9c7f1b2a-session",
        item_id=item(place),
        value_milli={"dwell": 12_000_000 + number, "purchase": 1_000}.get(kind),
        price_minor=about.price_minor,
        currency="GBP",
        category=about.category,
        content_type=about.content_type,
        device="phone",
    )


def pane_rows() -> list[tuple[int, dict[str, bytes]]]:
    """CELLS cells over the last day, an hour a row, oldest first."""
    cells: dict[PaneKey, Facts] = {}
    for number in range(CELLS * 3):
        happened = CLOCK - (number // 3) * (DAY_MS - HOUR_MS) // CELLS - number
        one = replace(_event(number), occurred_at=happened)
        category = number // 3 * 7 % CATEGORIES
        key = pane_of(happened), f"category-{category}", ("product", "video", "article")[category % 3]
        cells[key] = merge(cells.get(key, zero()), facts_of(one, "GBP"))
    rows: dict[int, dict[str, bytes]] = {}
    for key, facts in sorted(cells.items(), key=lambda cell: cell[0]):
        rows.setdefault(hour_of(key[0]), {})[entry_key(key)] = pack_facts(facts)
    return list(rows.items())


def packed_candidates() -> bytes:
    """FOUND items: half by ALS, the rest by item-to-item and the person's own history."""
    chance = np.random.default_rng(11)
    sources = [SOURCES.index(name) for name in ("als", "als", "item_to_item", "own_history")]
    return pack(
        BatchCandidates(
            items=chance.choice(ITEMS, FOUND, replace=False).astype(np.uint32),
            scores=np.linspace(1, 0.1, FOUND).astype(np.float32),
            sources=np.array([sources[number % 4] for number in range(FOUND)], dtype=np.uint8),
            factors=chance.normal(0, 0.1, RANK).astype(np.float32),
            taste=taste(),
        )
    )


def taste() -> Taste:
    """As much as one can hold, counted until the middle of the tail."""
    chance = np.random.default_rng(13)
    return Taste(
        categories=tuple(f"category-{number * 7 % CATEGORIES}" for number in range(MOST_CATEGORIES)),
        category_strength=chance.normal(0, 5, MOST_CATEGORIES).astype(np.float32),
        items=np.sort(chance.choice(ITEMS, LIKED + REFUSED, replace=False)).astype(np.uint32),
        item_strength=chance.normal(0, 5, LIKED + REFUSED).astype(np.float32),
        as_of_ms=CLOCK - DAY_MS // 4,
        last_ms=_event(EVENTS // 2).occurred_at,
    )
