"""Orders counted where and when they were made, beside a plain loop over the same rows."""

from __future__ import annotations

from collections import defaultdict
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from headrace.cells import cell_of
from headrace.domain.events import Place
from headrace.domain.here import ANY_TIME, EVER, Context, Here, counted_contexts, local_time
from headrace.domain.orders import Orders
from headrace.domain.panes import DAY_MS
from headrace.learn.history import one_row_per_event, pin, read_history, weighed
from headrace.learn.matrix import index_items
from headrace.learn.orders import orders
from tests.learn.ledger import T0, Row, append

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

pytestmark = pytest.mark.spark

BERLIN, MUNICH = (52.52, 13.405), (48.14, 11.58)
ROWS = [
    Row("u:a", "tea", place=BERLIN, tz_offset_min=60),  # Tuesday, 23:13 there
    Row("u:a", "tea", days=1, place=BERLIN, tz_offset_min=60),  # the same again: one person still
    Row("u:b", "tea", days=0.01, place=BERLIN, tz_offset_min=60),  # 14 minutes later
    Row("u:b", "cake", "watch", 4, value_milli=120_000_000, place=BERLIN, tz_offset_min=60),  # Saturday
    Row("u:c", "cake", "playlist_add", place=MUNICH, tz_offset_min=-570),  # 12:43: half an hour off the full one
    Row("u:c", "pie", tz_offset_min=-1440),
    Row("u:d", "pie", place=BERLIN),
    Row("u:e", "pie"),
    Row("u:a", "cake", "view", place=BERLIN, tz_offset_min=60),  # no order
    Row("u:a", "cake", "watch", value_milli=119_000_000, place=BERLIN, tz_offset_min=60),  # too short
    Row("u:e", "tea", days=-28, place=BERLIN, tz_offset_min=60),  # too long ago
]


def by_context(found: Orders, items: tuple[str, ...]) -> dict[Context, dict[str, int]]:
    return {
        (cell, time): {
            items[item]: people
            for item, people in zip(found.items[begin:end].tolist(), found.people[begin:end].tolist(), strict=True)
        }
        for (cell, time), begin, end in zip(found.contexts.tolist(), found.starts[:-1], found.starts[1:], strict=True)
    }


def plain() -> dict[Context, dict[str, set[str]]]:
    people: dict[Context, dict[str, set[str]]] = defaultdict(lambda: defaultdict(set))
    for row in ROWS[:8]:
        cell, parent = (None, None) if row.place is None else cell_of(Place(*row.place))
        at_ms = T0 + round(row.days * DAY_MS)
        local = (None, None) if row.tz_offset_min is None else local_time(at_ms, row.tz_offset_min)
        for context in counted_contexts(Here(cell, parent, *local)):
            people[context][row.item or ""].add(row.person)
    return people


def test_orders_are_counted_in_every_context_that_holds_them(spark: SparkSession, tmp_path: Path) -> None:
    append(tmp_path, ROWS)
    pinned = pin(spark, str(tmp_path), None, None, None)
    events = weighed(one_row_per_event(read_history(spark, str(tmp_path), pinned))).persist()
    index = index_items(spark, events.select("item_id"))
    found = by_context(orders(events, index, T0, fewest=1), index.items)

    assert found == {
        context: {item: len(people) for item, people in items.items()} for context, items in plain().items()
    }
    berlin, _ = cell_of(Place(*BERLIN))
    assert found[EVER] == {"cake": 2, "pie": 3, "tea": 2}
    assert found[berlin, 23] == {"tea": 2}  # working days, 23 o'clock
    assert found[berlin, 24 + 23] == {"cake": 1}  # weekends
    assert found[berlin, ANY_TIME] == {"cake": 1, "pie": 1, "tea": 2}
    assert found[0, 12] == {"cake": 1}

    few = by_context(orders(events, index, T0, fewest=2), index.items)
    assert few[berlin, 23] == {"tea": 2}
    assert (berlin, 24 + 23) not in few  # one person's
    alone = orders(events, index, T0, fewest=100)
    assert by_context(alone, index.items) == {EVER: {"cake": 2, "pie": 3, "tea": 2}}
    assert len(orders(events, index, T0 + 100 * DAY_MS).contexts) == 0
    events.unpersist()
