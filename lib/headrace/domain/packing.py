"""Inputs of a decision as compact plain JSON and back, without loss of anything that the law reads. No record, no zlib.

Events are columns, because equal neighbours compress; a column without a value is left out. Fields that the law does
not read (query, device, place, request) are not kept: the event's id finds them in the ledger. Panes are in
pane_columns.py.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from typing import NotRequired, TypedDict

import numpy as np
from numpy.typing import NDArray

from headrace.domain.catalogue import Catalogue
from headrace.domain.events import Event, ItemId, Person
from headrace.domain.model import SOURCES, BatchCandidates
from headrace.domain.pool import Pool
from headrace.domain.taste import Taste

ItemCode = int | str
"""An item of the model as its index in it, any other as its id."""

FIRST_LIVE = SOURCES.index("session_neighbours")


class EventColumns(TypedDict, total=False):
    """One entry per event and column. ago_ms: clock − occurred_at; lag_ms: received_at − occurred_at."""

    id: list[str]
    kind: list[str]
    person: list[str]
    ago_ms: list[int]
    lag_ms: list[int]
    late: list[bool]
    session_id: list[str | None]
    item: list[ItemCode | None]
    value_milli: list[int | None]
    price_minor: list[int | None]
    currency: list[str | None]
    category: list[str | None]
    content_type: list[str | None]


class TastePlain(TypedDict):
    """taste.Taste; strengths are base64 of little-endian float32."""

    categories: list[str]
    category_strength: str
    items: list[int]
    item_strength: str
    as_of_ms: int
    last_ms: int


class BatchPlain(TypedDict):
    """BatchCandidates; scores and factors are base64 of little-endian float32; no taste where the row had none."""

    items: list[int]
    sources: list[int]
    scores: str
    factors: str
    taste: NotRequired[TastePlain]


class PoolPlain(TypedDict):
    """The candidates: first those of the model by index, as gaps from one to the next, then the `added` ids.

    sources: a bitmask over model.SOURCES each; scores: live source → thousandths, one for each candidate that it found.
    The batch sources' scores are in `batch`.
    """

    gaps: list[int]
    added: list[str]
    sources: list[int]
    scores: dict[str, list[int]]


def pack_events(events: Sequence[Event], clock: int, index: Mapping[str, int]) -> EventColumns:
    """`index` is the model's."""
    if not events:
        return EventColumns()
    columns = EventColumns(
        id=[event.event_id for event in events],
        kind=[event.kind for event in events],
        person=[event.person for event in events],
        ago_ms=[clock - event.occurred_at for event in events],
        lag_ms=[event.received_at - event.occurred_at for event in events],
    )
    if any(event.late for event in events):
        columns["late"] = [event.late for event in events]
    if _some(session_ids := [event.session_id for event in events]):
        columns["session_id"] = session_ids
    if _some(items := [event.item_id for event in events]):
        columns["item"] = [None if item is None else index.get(item, item) for item in items]
    if _some(values := [event.value_milli for event in events]):
        columns["value_milli"] = values
    if _some(prices := [event.price_minor for event in events]):
        columns["price_minor"] = prices
    if _some(currencies := [event.currency for event in events]):
        columns["currency"] = currencies
    if _some(categories := [event.category for event in events]):
        columns["category"] = categories
    if _some(content_types := [event.content_type for event in events]):
        columns["content_type"] = content_types
    return columns


def _some(column: Sequence[object]) -> bool:
    return any(value is not None for value in column)


def unpack_events(columns: EventColumns, clock: int, items: Sequence[str]) -> tuple[Event, ...]:
    """The events again, less what the law does not read. `items` are the model's."""
    length = len(columns.get("id", ()))
    return tuple(
        Event(
            event_id=event_id,
            kind=kind,
            person=Person(person),
            occurred_at=clock - ago_ms,
            received_at=clock - ago_ms + lag_ms,
            late=late,
            session_id=session_id,
            item_id=None if item is None else ItemId(items[item] if isinstance(item, int) else item),
            value_milli=value_milli,
            price_minor=price_minor,
            currency=currency,
            category=category,
            content_type=content_type,
        )
        for (
            event_id,
            kind,
            person,
            ago_ms,
            lag_ms,
            late,
            session_id,
            item,
            value_milli,
            price_minor,
            currency,
            category,
            content_type,
        ) in zip(
            columns.get("id", []),
            columns.get("kind", []),
            columns.get("person", []),
            columns.get("ago_ms", []),
            columns.get("lag_ms", []),
            columns.get("late", [False] * length),
            columns.get("session_id", [None] * length),
            columns.get("item", [None] * length),
            columns.get("value_milli", [None] * length),
            columns.get("price_minor", [None] * length),
            columns.get("currency", [None] * length),
            columns.get("category", [None] * length),
            columns.get("content_type", [None] * length),
            strict=True,
        )
    )


def pack_batch(batch: BatchCandidates) -> BatchPlain:
    """Exact: scores, factors and strengths keep their bits."""
    plain = BatchPlain(
        items=batch.items.tolist(),
        sources=batch.sources.tolist(),
        scores=floats_text(batch.scores),
        factors=floats_text(batch.factors),
    )
    if batch.taste is not None:
        plain["taste"] = TastePlain(
            categories=list(batch.taste.categories),
            category_strength=floats_text(batch.taste.category_strength),
            items=batch.taste.items.tolist(),
            item_strength=floats_text(batch.taste.item_strength),
            as_of_ms=batch.taste.as_of_ms,
            last_ms=batch.taste.last_ms,
        )
    return plain


def unpack_batch(packed: BatchPlain) -> BatchCandidates:
    """The inverse of `pack_batch`."""
    taste = packed.get("taste")
    return BatchCandidates(
        items=np.array(packed["items"], dtype=np.uint32),
        scores=text_floats(packed["scores"]),
        sources=np.array(packed["sources"], dtype=np.uint8),
        factors=text_floats(packed["factors"]),
        taste=None if taste is None else _unpack_taste(taste),
    )


def _unpack_taste(packed: TastePlain) -> Taste:
    return Taste(
        categories=tuple(packed["categories"]),
        category_strength=text_floats(packed["category_strength"]),
        items=np.array(packed["items"], dtype=np.uint32),
        item_strength=text_floats(packed["item_strength"]),
        as_of_ms=packed["as_of_ms"],
        last_ms=packed["last_ms"],
    )


def pool_rows(pool: Pool, model_items: int) -> NDArray[np.int64]:
    """The rows of a pool in the order of PoolPlain: by model index, then what was added since by id."""
    rows = np.arange(len(pool.items))
    return np.argsort(np.where(pool.items < model_items, pool.items, model_items + rows))  # a pool is in order of id


def pack_pool(pool: Pool, model_items: int, catalogue: Catalogue) -> PoolPlain:
    """For reading and counterfactual judgement; answering again derives the pool anew."""
    rows = pool_rows(pool, model_items)
    items, sources = pool.items[rows], pool.sources[rows]
    known = int(np.count_nonzero(items < model_items))
    indices, added = items[:known], items[known:]
    scores: dict[str, list[int]] = {}
    for code in range(FIRST_LIVE, len(SOURCES)):
        found = rows[sources >> code & 1 == 1]
        if len(found):
            scores[SOURCES[code]] = np.rint(pool.scores[found, code] * 1000).astype(np.int64).tolist()
    return PoolPlain(
        gaps=[*indices[:1].tolist(), *(indices[1:] - indices[:-1]).tolist()],
        added=[catalogue.items[place] for place in added.tolist()],
        sources=sources.tolist(),
        scores=scores,
    )


def floats_text(values: NDArray[np.float32]) -> str:
    """Base64 of the little-endian bytes of float32 values in C order."""
    return base64.b64encode(values.astype("<f4").tobytes()).decode("ascii")


def text_floats(text: str) -> NDArray[np.float32]:
    """The inverse of `floats_text`, flat."""
    return np.frombuffer(base64.b64decode(text), dtype="<f4").astype(np.float32)
