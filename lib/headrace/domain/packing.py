"""Inputs of a decision as compact plain JSON and back, without loss of anything that the law reads. No record, no zlib.

Events are columns, because equal neighbours compress; a column without a value is left out. Fields that the law does
not read (query, device, place, request) are not kept: the event's id finds them in the ledger. Nor are the queries and
places of panes: where the person is, as far as it counted, is a field of the record.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from typing import Final, NotRequired, TypedDict

import numpy as np
from numpy.typing import NDArray

from headrace.domain.catalogue import Catalogue
from headrace.domain.events import UNKNOWN, Event, ItemId, Person
from headrace.domain.facts import PLACE_NEWEST, PLACE_OF, Facts, zero
from headrace.domain.model import SOURCES, BatchCandidates
from headrace.domain.pane_table import table_of
from headrace.domain.panes import DAY_MS, PaneKey, window_panes
from headrace.domain.retrieval import Pool
from headrace.domain.taste import Taste
from headrace.domain.whereabouts import SEARCHED

ItemCode = int | str
"""An item of the model as its index in it, any other as its id."""

_PLACE: Final = PLACE_OF[PLACE_NEWEST]

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


class PanePlain(TypedDict):
    """facts: place in FACTS, value, place, value, …, of those that differ from zero(); no content_type: unknown."""

    start_ms: int
    category: str
    content_type: NotRequired[str]
    facts: list[int]


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
    if any(event.session_id is not None for event in events):
        columns["session_id"] = [event.session_id for event in events]
    if any(event.item_id is not None for event in events):
        columns["item"] = [
            None if event.item_id is None else index.get(event.item_id, event.item_id) for event in events
        ]
    if any(event.value_milli is not None for event in events):
        columns["value_milli"] = [event.value_milli for event in events]
    if any(event.price_minor is not None for event in events):
        columns["price_minor"] = [event.price_minor for event in events]
    if any(event.currency is not None for event in events):
        columns["currency"] = [event.currency for event in events]
    if any(event.category is not None for event in events):
        columns["category"] = [event.category for event in events]
    if any(event.content_type is not None for event in events):
        columns["content_type"] = [event.content_type for event in events]
    return columns


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


def pack_panes(panes: Mapping[PaneKey, Facts], clock: int) -> list[PanePlain]:
    """Those of the last day, oldest first: the law reads no others."""
    table, day = table_of(panes), window_panes(clock, DAY_MS)
    entries = table.entries
    read = entries.places != _PLACE
    numbers = np.column_stack((entries.places[read], entries.values[read])).reshape(-1).tolist()
    cells_read = np.repeat(np.arange(len(entries.sizes)), entries.sizes)[read]
    sizes = 2 * np.bincount(cells_read, minlength=len(entries.sizes))
    ends = np.cumsum(sizes)
    firsts = ends - sizes
    cells = sorted(zip(table.starts.tolist(), table.names, firsts.tolist(), ends.tolist(), strict=True))
    return [
        _pane_plain((start_ms, *names), numbers[first:end])
        for start_ms, names, first, end in cells
        if day.start <= start_ms < day.stop and names[1] != SEARCHED
    ]


def _pane_plain(key: PaneKey, facts: list[int]) -> PanePlain:
    start_ms, category, content_type = key
    plain = PanePlain(start_ms=start_ms, category=category, facts=facts)
    if content_type != UNKNOWN:
        plain["content_type"] = content_type
    return plain


def unpack_panes(packed: Sequence[PanePlain]) -> dict[PaneKey, Facts]:
    """The inverse of `pack_panes`."""
    panes: dict[PaneKey, Facts] = {}
    for pane in packed:
        facts = zero()
        facts[pane["facts"][::2]] = pane["facts"][1::2]
        panes[pane["start_ms"], pane["category"], pane.get("content_type", UNKNOWN)] = facts
    return panes


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
