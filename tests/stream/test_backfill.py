"""A ledger run as streams, then recounted: equal to the last integer; what is damaged is found and put right."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from delta.tables import DeltaTable
from pyspark.sql import SparkSession
from pyspark.sql import functions as F

from headrace.domain.events import ItemId, Person
from headrace.domain.facts import FACTS, pack, unpack, zero
from headrace.domain.hour_sample import sample
from headrace.domain.panes import HOUR_MS, PANE_MS, entry_key
from headrace.settings import Paths, Settings, World
from headrace.stores.ports import PaneCell
from headrace.stream.backfill import backfill, parity
from headrace.stream.differences import Comparison
from headrace.stream.held import PANE_KEY
from tests.stream import oracle
from tests.stream.held import MemoryHeld
from tests.stream.lake import APART, FIRST, MISSED, Lake, in_panes, story, without_closing
from tests.stream.logs import HORIZON_MS, START, event
from tests.stream.oracle import Record

pytestmark = pytest.mark.spark

NOW = START + 6 * 86_400_000  # nothing that the store was given is eight days old


MACHINE = "u:machine"


def empty_lake(spark: SparkSession, folder: Path) -> Lake[MemoryHeld]:
    settings = Settings(paths=Paths(var=folder / "var"), world=World(state_horizon_ms=HORIZON_MS))
    return Lake(spark, folder, settings, MemoryHeld(spark))


@pytest.fixture
def lake(tuned: SparkSession, tmp_path: Path) -> Lake[MemoryHeld]:
    lake, log = empty_lake(tuned, tmp_path), story()
    lake.arrive(log, "first")
    lake.run_finals()
    lake.run_hot(log)
    return lake


def crawl() -> list[Record]:
    """Of one machine in one hour: 700 views of one item, each with a category of its own, and 100 new queries."""
    views = [
        event(APART + n, f"m{n}", MACHINE, item_id=ItemId("forged"), category=f"c{n}", session_id="m")
        for n in range(700)
    ]
    searches = [
        event(APART + 700 + n, f"m{700 + n}", MACHINE, "search", query=f"query {n}", session_id="m") for n in range(100)
    ]
    return [Record(each, f"1:1:{5_000 + n}", START + 4 * HOUR_MS) for n, each in enumerate([*views, *searches])]


def cells_of_the_crawl(grain: str) -> list[PaneCell]:
    return [
        PaneCell(*key[1:], pack(np.array(facts)))
        for key, facts in oracle.panes(crawl(), "GBP").items()
        if key[0] == grain
    ]


def panes_of(lake: Lake[MemoryHeld]) -> dict[tuple, list[int]]:
    stores = (("user", lake.held.stores.user_panes), ("item", lake.held.stores.item_panes))
    return {
        (grain, *(getattr(cell, name) for name in PANE_KEY[1:])): unpack(cell.packed).tolist()
        for grain, store in stores
        for cell in asyncio.run(store.scan(0, 1, 0, NOW))
        if cell.owner != "u:closing"
    }


def stored_sessions(lake: Lake[MemoryHeld], person: str) -> list[tuple[int, int]]:
    """(started_ms, n_events) of what the store holds."""
    rows = asyncio.run(lake.held.stores.sessions.newest(Person(person), 100))
    return [(row.started_ms, json.loads(row.features)["n_events"]) for row in rows]


def differing(comparisons: Sequence[Comparison]) -> dict[str, int]:
    return {each.table: each.differing for each in comparisons}


def unasked() -> None:
    """A lease that is held."""


EQUAL = {"panes": 0, "counts": 0, "user_windows": 0, "sessions": 0}


def test_what_was_damaged_is_found_to_the_fact_and_put_back_and_then_nothing_is_changed_any_more(
    lake: Lake[MemoryHeld],
) -> None:
    log = story()
    before = list(parity(lake.recount(NOW)))
    assert differing(before) == EQUAL
    appended = {key[1:3] for key in oracle.panes(log, "GBP") if key[0] == "partition"}
    whole = appended - {("1:0", (START + 4 * HOUR_MS) // HOUR_MS * HOUR_MS)}  # the closing event is in that one
    assert {each.table: each.rows for each in before} == {
        "panes": len(in_panes(log)),
        "counts": len(whole),
        "user_windows": len(without_closing(oracle.windows(log, "GBP"))),
        "sessions": len(without_closing(oracle.sessions(log, "GBP"))),
    }
    held = (lake.windows(), lake.sessions(), panes_of(lake))
    n_day_rows = sum(key[0] == "u:2" and key[3] == "1d" for key in held[0])

    windows = lake.table("user_windows")
    is_gone = (F.col("person") == "u:1") & (F.col("window_kind") == "5m")
    is_more = (F.col("person") == "u:2") & (F.col("window_kind") == "1d")
    wrong_views = F.when(is_more, F.col("n_view") + 1).otherwise(F.col("n_view"))
    twice = windows.where("person = 'u:3' AND window_kind = '1d'")
    alien = twice.limit(1).withColumn("person", F.lit("u:nobody"))
    damaged = windows.where(~is_gone).withColumn("n_view", wrong_views).union(twice).union(alien)
    damaged.write.format("delta").mode("overwrite").save(lake.settings.table("user_windows"))
    DeltaTable.forPath(lake.spark, lake.settings.table("sessions")).delete("person = 'u:4'")
    some_pane = next(key for key in sorted(held[2]) if key[0] == "user")
    wrong = unpack(pack(zero()))
    wrong[FACTS.index("n_view")] = 1_000
    cells = [
        PaneCell(some_pane[1], *some_pane[2:], pack(wrong)),
        PaneCell("u:nobody", FIRST, *some_pane[3:], pack(wrong)),
    ]
    asyncio.run(lake.held.stores.user_panes.put(cells, 2))
    counted_hour = min(hour for owner, hour in whole if owner == "1:0")
    asyncio.run(lake.held.stores.counts.put([("1:0", counted_hour, 0)], 2))
    lake.held.write_us = 2  # as the stream's own clock: what comes next is later

    found = {each.table: each for each in parity(lake.recount(NOW))}
    n_deleted = sum(key[0] == "u:1" and key[3] == "5m" for key in held[0])
    n_twice = sum(key[0] == "u:3" and key[3] == "1d" for key in held[0])
    assert found["user_windows"].differing == n_day_rows + n_deleted + n_twice + 1
    assert found["user_windows"].facts["copies"] == n_deleted + n_twice + 1
    first = found["user_windows"].listed[0]
    assert (first.key["person"], first.fact, first.stream, first.recount) == ("u:1", "copies", "0", "1")
    assert found["panes"].differing == 2
    views = {each.key["owner"]: each for each in found["panes"].listed if each.fact == "n_view"}
    assert (views["u:nobody"].stream, views["u:nobody"].recount) == ("1000", "0")
    assert views[some_pane[1]].recount == str(held[2][some_pane][FACTS.index("n_view")])
    assert found["counts"].listed[0].stream == "0"
    assert found["sessions"].differing == sum(key[0] == "u:4" for key in held[1])

    assert differing(list(backfill(lake.recount(NOW), unasked))) == {
        name: each.differing for name, each in found.items()
    }
    assert (lake.windows(), lake.sessions(), panes_of(lake)) == held
    versions = (lake.version("user_windows"), lake.version("sessions"), lake.held.write_us)
    assert differing(list(backfill(lake.recount(NOW), unasked))) == EQUAL
    assert (lake.version("user_windows"), lake.version("sessions"), lake.held.write_us) == versions

    gone = [PaneCell(*key[1:], b"") for key in held[2] if key[:2] == ("user", "u:5")]
    asyncio.run(lake.held.stores.user_panes.remove(gone, lake.held.write_us))
    assert next(parity(lake.recount(NOW))).differing == len(gone)
    aged = next(parity(lake.recount(NOW + 3 * 86_400_000)))
    assert (aged.differing, aged.unjudged) == (0, len(gone))


def test_of_a_machines_hour_the_sample_is_compared_and_put_and_tables_have_every_event(
    tuned: SparkSession, tmp_path: Path
) -> None:
    lake, (*before, last) = empty_lake(tuned, tmp_path), story()
    lake.arrive([*before, *crawl(), last], "first")
    lake.run_finals()
    lake.run_hot(story())
    found = {each.table: each for each in backfill(lake.recount(NOW), unasked)}
    # One cell a view, one a query, and one for all searches: 801 of the machine and 700 of its item, and 512 of each.
    assert (found["panes"].rows, found["panes"].differing) == (len(in_panes(story())) + 1_024, 1_024)
    assert (found["user_windows"].differing, found["sessions"].differing) == (0, 0)
    people, items = lake.held.stores.user_panes, lake.held.stores.item_panes
    assert [len(dict(each.items())) for each in (people._cells[MACHINE], items._cells["forged"])] == [512, 512]
    cells = {"user": cells_of_the_crawl("user"), "item": cells_of_the_crawl("item")}
    assert [len(each) for each in cells.values()] == [801, 700]
    kept = sample([entry_key(cell.key) for cell in cells["user"]])
    assert {entry_key(key[2:]) for key in panes_of(lake) if key[1] == MACHINE} == kept

    # As the stream would have it that has put them all: what is stored besides, nobody sees.
    asyncio.run(people.put(cells["user"], lake.held.write_us))
    asyncio.run(items.put(cells["item"], lake.held.write_us))
    assert differing(list(parity(lake.recount(NOW)))) == EQUAL
    days = [facts for key, facts in lake.windows().items() if key[0] == MACHINE and key[3] == "1d"]
    assert (len(days), sum(facts[FACTS.index("n_view")] for facts in days)) == (701, 700)
    assert [s.n_events for key, s in lake.sessions().items() if key[0] == MACHINE] == [800]

    # Where ten have gone, ten others are seen: a fault, unless they may have gone by age.
    gone = [cell for cell in cells["user"] if entry_key(cell.key) in kept][:10]
    asyncio.run(people.remove(gone, lake.held.write_us))
    assert next(parity(lake.recount(NOW))).differing == 20
    aged = next(parity(lake.recount(NOW + 3 * 86_400_000)))
    assert (aged.differing, aged.unjudged) == (0, 20)


def test_an_event_that_came_behind_every_horizon_counts_once_its_hour_is_rebuilt(lake: Lake[MemoryHeld]) -> None:
    whole = [*story(), MISSED]
    lake.arrive([MISSED], "behind")
    lake.run_finals()
    parted = {(APART, 1), (APART + 3_000_000, 1)}
    assert {
        (summary.started_ms, summary.n_events) for key, summary in lake.sessions().items() if key[0] == "u:visitor"
    } == parted
    at = MISSED.event.occurred_at
    hour = at // HOUR_MS * HOUR_MS
    found = list(backfill(lake.recount(NOW, hour, hour + HOUR_MS), unasked))
    assert differing(found) == {"panes": 2, "counts": 0, "user_windows": 1 + 12 + 1, "sessions": 2}
    assert {each.key["owner"] for each in found[0].listed} == {"u:visitor", "i1"}
    assert {each.key["pane_ms"] for each in found[0].listed} == {at // PANE_MS * PANE_MS}
    assert lake.windows() == without_closing(oracle.windows(whole, "GBP"))
    assert lake.sessions() == without_closing(oracle.sessions(whole, "GBP"))
    assert panes_of(lake) == in_panes(whole)
    assert stored_sessions(lake, "u:visitor") == [(APART, 3)]
    # Its raw record was appended in an hour of which other events occurred outside: counted when all are rebuilt.
    rest = {each.table: each for each in backfill(lake.recount(NOW), unasked)}
    assert {name: each.differing for name, each in rest.items()} == EQUAL | {"counts": 1}
    (count,) = rest["counts"].listed
    assert (count.key["owner"], int(count.recount or 0) - int(count.stream or 0)) == ("1:1", 1)
    assert differing(list(parity(lake.recount(NOW)))) == EQUAL
