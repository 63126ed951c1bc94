from __future__ import annotations

import asyncio
import json
import pickle
from functools import partial

import pyarrow as pa

from headrace.domain.events import Person
from headrace.domain.facts import FACTS, PLACE_OF, zero
from headrace.settings import Cassandra
from headrace.stores.memory import MemoryStores
from headrace.stream import pane_sink, session_sink, store_sink

HOUR = 3_600_000


def totals(*rows):
    """Arrow rows as Spark hands them over: what nobody saw is null."""
    columns = ("grain", "owner", "pane_ms", "category", "content_type")
    empty = {name: 0 if name.startswith(("n_", "price_n")) else None for name in FACTS}
    kinds = {name: pa.string() for name in ("grain", "owner", "category", "content_type")}
    schema = pa.schema([(name, kinds.get(name, pa.int64())) for name in (*columns, *FACTS)])
    trees = [dict(zip(columns, key, strict=True)) | empty | facts for key, facts in rows]
    return pa.RecordBatch.from_pylist(trees, schema)


def put(stores, batch, write_us):
    asyncio.run(pane_sink.put_batch(stores, batch, write_us))


def test_each_grain_goes_to_its_store_with_its_facts():
    stores = MemoryStores()
    batch = totals(
        (
            ("user", "u:1", HOUR, "books", "text"),
            {"n_view": 2, "price_n": 1, "price_sum": 0, "price_min": 0, "price_max": 0},
        ),
        (("item", "i1", HOUR, "books", "text"), {"n_view": 1, "people_3": -(2**63)}),
        (("partition", "1:0", HOUR, "", ""), {"n_view": 2, "n_cart": 3, "dwell_ms": 9}),
    )
    put(stores, batch, 1)
    person = asyncio.run(stores.user_panes.since("u:1", HOUR))[HOUR, "books", "text"]
    assert (person[PLACE_OF["n_view"]], person[PLACE_OF["price_n"]], person[PLACE_OF["price_min"]]) == (2, 1, 0)
    item = asyncio.run(stores.item_panes.since("i1", HOUR))[HOUR, "books", "text"]
    held = {"n_view": 1, "people_3": -(2**63)}
    assert item.tolist() == [held.get(name, empty) for name, empty in zip(FACTS, zero(), strict=True)]
    assert asyncio.run(stores.counts.of("1:0")) == {HOUR: 5}


def test_an_older_batch_that_runs_again_does_not_take_back_a_newer_one():
    stores = MemoryStores()
    put(stores, totals((("partition", "1:0", HOUR, "", ""), {"n_view": 7})), 2)
    put(stores, totals((("partition", "1:0", HOUR, "", ""), {"n_view": 4})), 1)
    assert asyncio.run(stores.counts.of("1:0")) == {HOUR: 7}


def test_an_executor_writes_each_batch_that_has_rows_with_the_function_it_was_sent(monkeypatch):
    stores = MemoryStores()
    monkeypatch.setattr(store_sink, "patiently", lambda _cassandra, _keyspace, ask: asyncio.run(ask(stores)))
    put = pickle.loads(pickle.dumps(partial(pane_sink.put_batch, write_us=1)))
    batches = [totals((("partition", "1:0", pane, "", ""), {"n_view": 7})) for pane in (0, HOUR)]
    written = store_sink.put_batches([batches[0], totals(), batches[1]], cassandra=Cassandra(), keyspace="k", put=put)
    assert [batch.to_pydict() for batch in written] == [{"written": [1]}, {"written": [1]}]
    assert asyncio.run(stores.counts.of("1:0")) == {0: 7, HOUR: 7}


def test_a_finished_session_is_one_row_of_its_person():
    stores = MemoryStores()
    features = json.dumps({"n_events": 2})
    batch = pa.RecordBatch.from_pylist(
        [{"person": "u:1", "started_ms": 5, "session_id": "", "features": features}],
        pa.schema(
            [
                ("person", pa.string()),
                ("started_ms", pa.int64()),
                ("session_id", pa.string()),
                ("features", pa.string()),
            ]
        ),
    )
    asyncio.run(session_sink.put_batch(stores, batch, 1))
    (row,) = asyncio.run(stores.sessions.newest(Person("u:1"), 10))
    assert (row.started_ms, row.session_id, row.features) == (5, "", features)
