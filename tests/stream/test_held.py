"""What executors read from the stores and take away there, over memory stores."""

from __future__ import annotations

import asyncio

import pyarrow as pa

from headrace.domain.events import Person
from headrace.domain.facts import FACTS, PLACE_OF, Facts, pack, zero
from headrace.domain.panes import HOUR_MS
from headrace.stores.memory import MemoryStores
from headrace.stores.ports import PaneCell, SessionRow
from headrace.stream import held


def priced(n_view: int, price: int) -> Facts:
    facts = zero()
    for name in ("price_sum", "price_min", "price_max"):
        facts[PLACE_OF[name]] = price
    facts[PLACE_OF["n_view"]], facts[PLACE_OF["price_n"]] = n_view, 1
    return facts


def test_cells_come_as_the_stream_has_them_and_a_price_that_nobody_saw_is_null() -> None:
    stores = MemoryStores()
    unpriced = zero()
    unpriced[PLACE_OF["n_skip"]] = 2
    asyncio.run(stores.user_panes.put([PaneCell("u:1", HOUR_MS, "books", "text", pack(priced(3, 0)))], 1))
    asyncio.run(stores.item_panes.put([PaneCell("i1", HOUR_MS, "books", "text", pack(unpriced))], 1))
    asyncio.run(stores.item_panes.put([PaneCell("i1", 2 * HOUR_MS, "books", "text", pack(unpriced))], 1))
    parts = [held.pane_rows(part, stores, from_ms=HOUR_MS, to_ms=2 * HOUR_MS) for part in range(held.PARTS)]
    rows = [row for part in parts for row in asyncio.run(part).to_pylist()]
    assert [tuple(row) for row in rows] == [tuple(held.PANE_ROWS.names)] * 2
    by_grain = {row["grain"]: row for row in rows}
    assert by_grain["user"] | {"n_view": 3, "price_n": 1, "price_sum": 0, "price_min": 0} == by_grain["user"]
    assert (by_grain["item"]["owner"], by_grain["item"]["n_skip"], by_grain["item"]["price_max"]) == ("i1", 2, None)
    assert sum(by_grain["item"][name] or 0 for name in FACTS) == 2


def test_each_count_of_a_raw_partition_is_a_row() -> None:
    stores = MemoryStores()
    asyncio.run(stores.counts.put([("1:0", 0, 5), ("1:0", HOUR_MS, 6), ("1:1", 0, 7)], 1))
    rows = asyncio.run(held.count_rows("1:0", stores)).to_pylist()
    assert rows == [{"owner": "1:0", "pane_ms": 0, "counted": 5}, {"owner": "1:0", "pane_ms": HOUR_MS, "counted": 6}]
    assert asyncio.run(held.count_rows("1:9", stores)).num_rows == 0


def test_cells_counts_and_sessions_are_taken_away_and_put_by_key() -> None:
    stores = MemoryStores()
    asyncio.run(stores.user_panes.put([PaneCell("u:1", 0, name, "text", pack(priced(1, 5))) for name in ("a", "b")], 1))
    key = {"grain": "user", "owner": "u:1", "pane_ms": 0, "category": "a", "content_type": "text"}
    keys = pa.RecordBatch.from_pylist([key])
    asyncio.run(held.remove_panes(stores, keys, write_us=2))
    assert [cell.category for cell in asyncio.run(stores.user_panes.scan(0, 1, 0, HOUR_MS))] == ["b"]
    counts = pa.RecordBatch.from_pylist([{"owner": "1:0", "pane_ms": 0, "counted": 9}])
    asyncio.run(held.put_counts(stores, counts, write_us=2))
    assert asyncio.run(stores.counts.of("1:0")) == {0: 9}
    person = Person("u:1")
    asyncio.run(stores.sessions.put([SessionRow(person, at, "", "{}") for at in (1, 2)], 1))
    gone = pa.RecordBatch.from_pylist([{"person": "u:1", "session_id": "", "started_ms": 2}])
    asyncio.run(held.remove_sessions(stores, gone, write_us=2))
    assert [row.started_ms for row in asyncio.run(stores.sessions.newest(person, 5))] == [1]
