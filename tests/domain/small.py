"""A world small enough to work out by hand: six items, two latent factors, three categories."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from headrace.domain.catalogue import ItemMeta, catalogue_of, with_changes
from headrace.domain.events import Event, ItemId, Person
from headrace.domain.features import FEATURE_SET_ID
from headrace.domain.here import Context
from headrace.domain.inputs import Inputs
from headrace.domain.model import SOURCES, BatchCandidates, ModelArrays
from headrace.domain.orders import Orders, orders_of
from headrace.domain.snapshots import Snapshots, snapshots_of

CLOCK = 1_700_000_000_000
SEED = bytes(range(32))
ANN = Person("u:ann")

METAS = {
    "mug": ItemMeta(title="A mug", category="kitchen", brand="clay", content_type="product", price_minor=500),
    "pan": ItemMeta(title="A pan", category="kitchen", brand="iron", content_type="product", price_minor=2000),
    "pot": ItemMeta(title="A pot", category="kitchen", brand="iron", content_type="product", price_minor=1000),
    "bat": ItemMeta(title="A bat", category="sport", brand="ash", content_type="product", price_minor=4000),
    "net": ItemMeta(title="A net", category="sport", brand="ash", content_type="video"),
    "odd": None,
}
ITEMS = tuple(METAS)
POPULARITY = (30, 20, 10, 40, 0, 0)


def model(version: str = "m1") -> ModelArrays:
    """mug, pan and pot lie along the first factor, bat and net along the second; odd has none."""
    return ModelArrays(
        version=version,
        feature_set_id=FEATURE_SET_ID,
        items=ITEMS,
        index={item: place for place, item in enumerate(ITEMS)},
        item_factors=np.array([[1, 0], [1, 0], [0.5, 0], [0, 1], [0, 0.5], [0, 0]], dtype=np.float32),
        neighbours=np.array([[1, 2], [0, 2], [0, -1], [4, -1], [3, -1], [-1, -1]], dtype=np.int32),
        neighbour_scores=np.array([[0.5, 0.25], [0.5, 0.125], [0.25, 0], [0.75, 0], [0.75, 0], [0, 0]], np.float32),
        popularity=np.array(POPULARITY, dtype=np.int64),
    )


def snapshots(changes: Mapping[str, ItemMeta | None] | None = None) -> Snapshots:
    """The model above and its catalogue."""
    base = catalogue_of("m1", ITEMS, model().popularity, list(METAS.values()))
    return snapshots_of(model(), base if changes is None else with_changes(base, changes, "1"))


def event(kind: str, item: str | None, ago_ms: int = 0, **fields: object) -> Event:
    """An event of Ann on an item, with the item's category and content type, `ago_ms` before CLOCK."""
    meta = METAS.get(item or "") or ItemMeta()
    plain: dict[str, object] = {
        "event_id": f"{kind}-{item}-{ago_ms}",
        "kind": kind,
        "person": ANN,
        "occurred_at": CLOCK - ago_ms,
        "received_at": CLOCK - ago_ms,
        "user_id": "ann",
        "item_id": None if item is None else ItemId(item),
        "category": meta.category,
        "content_type": meta.content_type,
    }
    return Event(**{**plain, **fields})  # type: ignore[arg-type]  # fields come by name, as keyword arguments


def inputs(tail: Sequence[Event] = (), **fields: object) -> Inputs:
    """A request of Ann's at CLOCK for three items."""
    plain: dict[str, object] = {"clock": CLOCK, "limit": 3, "seed": SEED, "person": ANN, "tail": tuple(tail)}
    return Inputs(**{**plain, **fields})  # type: ignore[arg-type]  # as above


def batch(rows: Sequence[tuple[str, str, float]], factors: tuple[float, float] = (0.0, 0.0)) -> BatchCandidates:
    """Candidates from (item, source, score)."""
    return BatchCandidates(
        items=np.array([ITEMS.index(item) for item, _, _ in rows], dtype=np.uint32),
        scores=np.array([score for _, _, score in rows], dtype=np.float32),
        sources=np.array([SOURCES.index(source) for _, source, _ in rows], dtype=np.uint8),
        factors=np.array(factors, dtype=np.float32),
    )


def orders_from(counts: Mapping[Context, Mapping[int, int]]) -> Orders:
    """From context → item's index → people."""
    contexts = sorted(counts)
    sizes = [len(counts[context]) for context in contexts]
    pairs = [pair for context in contexts for pair in sorted(counts[context].items())]
    return orders_of(
        np.array(contexts, dtype=np.int64).reshape(-1, 2),
        np.concatenate(([0], np.cumsum(sizes))).astype(np.int64),
        np.array([item for item, _ in pairs], dtype=np.int32),
        np.array([people for _, people in pairs], dtype=np.int32),
    )
