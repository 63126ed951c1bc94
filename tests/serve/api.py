"""The whole API over memory stores, asked as a client would ask it; and a small model worked out by hand."""

from __future__ import annotations

import asyncio
import itertools
import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import httpx
import numpy as np

from headrace.domain.candidates import pack
from headrace.domain.catalogue import ItemMeta
from headrace.domain.events import Event, ItemId, Person
from headrace.domain.features import FEATURE_SET_ID
from headrace.domain.model import SOURCES, BatchCandidates, ModelArrays
from headrace.domain.taste import Taste
from headrace.serve.app import app_of
from headrace.serve.catalogue_feed import Change
from headrace.serve.connection import Connecting
from headrace.serve.ranked import here
from headrace.serve.running import assemble
from headrace.serve.service import Service
from headrace.settings import Settings
from headrace.stores.manifest import Origin
from headrace.stores.memory import MemoryStores
from headrace.stores.memory_log import MemoryLog
from headrace.stores.shelf import write_model

NOW = 1_767_225_600_000  # 2026-01-01 00:00 UTC
TRAINED = NOW - 3_600_000
VERSION = "m20251231T230000Z-00000000"

ITEMS = ("bowl", "lamp", "mug", "novel")
METAS = (
    ItemMeta(title="A bowl", category="kitchen", content_type="product", price_minor=900),
    ItemMeta(title="A lamp", category="light", content_type="product", price_minor=4500),
    ItemMeta(title="A mug", category="kitchen", content_type="product", price_minor=500),
    ItemMeta(title="A novel", category="books", content_type="book", price_minor=1200),
)
MODEL = ModelArrays(
    version=VERSION,
    feature_set_id=FEATURE_SET_ID,
    items=ITEMS,
    index={item: place for place, item in enumerate(ITEMS)},
    item_factors=np.array([[1, 0], [0, 1], [1, 0], [0, 1]], dtype=np.float32),
    neighbours=np.array([[2, -1], [3, -1], [0, -1], [1, -1]], dtype=np.int32),  # bowl ↔ mug, lamp ↔ novel
    neighbour_scores=np.array([[0.9, 0], [0.5, 0], [0.9, 0], [0.5, 0]], dtype=np.float32),
    popularity=np.array([10, 40, 20, 30], dtype=np.int64),  # lamp, novel, mug, bowl
)
ORIGIN = Origin(
    feature_set_id=FEATURE_SET_ID,
    clock_ms=TRAINED,
    delta_version=7,
    interval_end_ms=None,
    parameters={},
    events=100,
    people=40,
)


class StillClock:
    """Time that moves when it is told to."""

    def __init__(self, now_ms: int) -> None:
        self.at_ms = now_ms

    def now_ms(self) -> int:
        return self.at_ms


class Api:
    """One process of the API, and a client of it. Every call runs the event loop until it has its answer."""

    def __init__(self, shelf: Path, settings: Settings | None = None) -> None:
        settings = settings or Settings()
        serve = settings.serve.model_copy(update={"exploration_rate": 0.0})
        paths = settings.paths.model_copy(update={"shelf": str(shelf)})
        self.settings = settings.model_copy(update={"serve": serve, "paths": paths})
        self.shelf = shelf
        self.stores = MemoryStores()
        self.log = MemoryLog()
        self.clock = StillClock(NOW)
        self._runner = asyncio.Runner()
        numbers = itertools.count(1)
        connecting = Connecting(self._open)
        self.service: Service = assemble(
            self.settings, connecting, self.log, self.clock, lambda: f"request-{next(numbers)}", "tests"
        )
        self.service.feed.deliver((), True, None)
        self.run(connecting.connect())
        self.app = app_of(self.service, here(self.service))

    async def _open(self) -> MemoryStores:
        return self.stores

    def run(self, coroutine):
        return self._runner.run(coroutine)

    def ask(self, method: str, path: str, **options) -> httpx.Response:
        async def asked() -> httpx.Response:
            transport = httpx.ASGITransport(self.app)
            async with httpx.AsyncClient(transport=transport, base_url="http://headrace") as client:
                return await client.request(method, path, **options)

        return self.run(asked())

    def post(self, path: str, body: object) -> httpx.Response:
        return self.ask("POST", path, json=body)

    def get(self, path: str) -> httpx.Response:
        return self.ask("GET", path)

    def recommend(self, **asked: object) -> Mapping[str, object]:
        response = self.post("/v1/recommendations", asked)
        assert response.status_code == 200, response.text
        return response.json()

    def read_catalogue(self) -> None:
        """Let the consumer have read the topic, from its first record: what was applied before changes nothing."""
        records = self.log.records.get("main.catalogue", [])
        self.service.feed.apply(
            [
                Change(0, offset, key.decode(), None if value is None else json.loads(value))
                for offset, (key, value, _) in enumerate(records)
                if key is not None
            ]
        )

    def refresh(self) -> None:
        """What the consumer and the poller do within a second."""
        self.read_catalogue()
        self.run(self.service.served.refresh())

    def publish(self, model: ModelArrays = MODEL, metas: Sequence[ItemMeta | None] = METAS) -> None:
        """Train nothing, shelve this, flip the pointer, and let the process see it."""
        write_model(self.shelf, model, metas, ORIGIN, {})
        self.run(self.stores.pointers.flip(model.version, NOW))
        self.refresh()

    def lose_stores(self, lost: bool = True) -> None:
        self.stores.switch.down = lost

    def happened(self, *events: Event) -> None:
        """Let the live service have seen these."""
        self.run(self.stores.tails.append(events))

    def logged_decisions(self) -> list[bytes]:
        """Let the decision log work, and what it appended to the topic."""

        async def drained() -> None:
            working = asyncio.create_task(self.service.decisions.run())
            await self.service.decisions.drain(5.0)
            working.cancel()
            await asyncio.gather(working, return_exceptions=True)

        self.run(drained())
        return [value for _, value, _ in self.log.records.get("main.decisions", []) if value is not None]

    def raw_events(self) -> list[tuple[str | None, bytes]]:
        """(key, value) of every record of events.raw."""
        return [
            (None if key is None else key.decode(), value)
            for key, value, _ in self.log.records.get("main.events.raw", [])
            if value is not None
        ]

    def close(self) -> None:
        self.run(self.service.circuit.close())
        self._runner.close()


def viewed(item: str, ago_ms: int = 60_000, user: str = "ann", **fields: object) -> Event:
    """Somebody looked at an item, so long ago."""
    event = Event(
        event_id=f"{item}-{ago_ms}",
        kind="view",
        person=Person(f"u:{user}"),
        user_id=user,
        item_id=ItemId(item),
        occurred_at=NOW - ago_ms,
        received_at=NOW - ago_ms,
        category=METAS[ITEMS.index(item)].category if item in ITEMS else None,
    )
    return replace(event, **fields)


def candidates(*items: str, taste: Taste | None = None) -> bytes:
    """These items, found by ALS, best first."""
    return pack(
        BatchCandidates(
            items=np.array([ITEMS.index(item) for item in items], dtype=np.uint32),
            scores=np.linspace(1.0, 0.5, len(items)).astype(np.float32),
            sources=np.full(len(items), SOURCES.index("als"), dtype=np.uint8),
            factors=np.array([1, 0], dtype=np.float32),
            taste=taste,
        )
    )


def event(**fields: object) -> dict[str, object]:
    """A good event over HTTP; None takes a field out."""
    good = {"event_id": "e1", "kind": "view", "user_id": "ann", "item_id": "mug", "occurred_at": NOW - 1000}
    return {name: value for name, value in {**good, **fields}.items() if value is not None}


def items_of(answer: Mapping[str, object]) -> list[str]:
    return [item["item_id"] for item in answer["items"]]


def lines(*events: dict[str, object]) -> bytes:
    return b"\n".join(json.dumps(one).encode() for one in events)
