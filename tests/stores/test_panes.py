from dataclasses import replace
from random import Random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from headrace.domain.events import KINDS, Event, Person
from headrace.domain.facts import PLACE_OF, Facts, facts_of, merge, merge_all, pack, unpack, zero
from headrace.domain.hour_sample import sample
from headrace.domain.panes import DAY_MS, HOUR_MS, PANE_MS, PaneKey, entry_key, hour_of, pane_of
from headrace.stores.cassandra import CassandraStores
from headrace.stores.cassandra.large_rows import LargeRows
from headrace.stores.cassandra.panes import cells_of
from headrace.stores.ports import PaneCell, Panes, Stores
from tests.stores.conftest import Run, a_name


def views(count: int) -> bytes:
    facts = zero()
    facts[PLACE_OF["n_view"]] = count
    return pack(facts)


def counted(cells: dict[PaneKey, Facts]) -> dict[PaneKey, int]:
    return {key: int(facts[PLACE_OF["n_view"]]) for key, facts in cells.items()}


@pytest.fixture(params=["user_panes", "item_panes"])
def panes(request: pytest.FixtureRequest, stores: Stores) -> Panes:
    found: Panes = getattr(stores, request.param)
    return found


def test_an_owner_never_seen_has_no_panes(panes: Panes, run: Run) -> None:
    assert run(panes.since(a_name(), 0)) == {}


def test_every_fact_of_a_cell_comes_back(panes: Panes, run: Run) -> None:
    owner, facts = a_name(), zero()
    facts[:] = np.arange(len(facts)) - 7
    run(panes.put([PaneCell(owner, 3 * HOUR_MS, "toys", "game", pack(facts))], write_us=1))
    (key,) = run(panes.since(owner, 0))
    assert key == (3 * HOUR_MS, "toys", "game")
    np.testing.assert_array_equal(run(panes.since(owner, 0))[key], facts)


def test_cells_of_one_hour_stay_apart_by_pane_category_and_content_type(panes: Panes, run: Run) -> None:
    owner = a_name()
    keys = [
        (HOUR_MS, "a", "t"),
        (HOUR_MS, "a", ""),
        (HOUR_MS, "b|01", "t"),
        (HOUR_MS, "b", "01|t"),
        (HOUR_MS, "1|b", "01|t"),
        (HOUR_MS + PANE_MS, "a", "t"),
        (HOUR_MS + 11 * PANE_MS, "", "🎬|"),
    ]
    cells = {key: n for n, key in enumerate(keys, start=1)}
    run(panes.put([PaneCell(owner, *key, views(n)) for key, n in cells.items()], write_us=1))
    assert counted(dict(run(panes.since(owner, 0)))) == cells


def test_a_later_batch_adds_cells_without_touching_the_others(panes: Panes, run: Run) -> None:
    owner = a_name()
    run(panes.put([PaneCell(owner, HOUR_MS, "a", "t", views(1))], write_us=1))
    run(panes.put([PaneCell(owner, HOUR_MS, "b", "t", views(2))], write_us=2))
    assert counted(dict(run(panes.since(owner, 0)))) == {(HOUR_MS, "a", "t"): 1, (HOUR_MS, "b", "t"): 2}


def test_since_reaches_back_to_the_start_of_the_hour(panes: Panes, run: Run) -> None:
    owner = a_name()
    run(panes.put([PaneCell(owner, hour * HOUR_MS, "a", "t", views(hour)) for hour in (1, 2, 3)], write_us=1))
    run(panes.put([PaneCell(owner, 3 * HOUR_MS - PANE_MS, "a", "t", views(9))], write_us=1))
    assert counted(dict(run(panes.since(owner, 3 * HOUR_MS - 1)))) == {
        (2 * HOUR_MS, "a", "t"): 2,
        (3 * HOUR_MS - PANE_MS, "a", "t"): 9,
        (3 * HOUR_MS, "a", "t"): 3,
    }


@settings(max_examples=20, deadline=None)
@given(writes=st.lists(st.tuples(st.integers(1, 6), st.integers(1, 9)), unique_by=lambda w: w[0], min_size=1))
def test_the_greatest_write_us_wins_whatever_the_order(stores: Stores, run: Run, writes: list[tuple[int, int]]) -> None:
    owner = a_name()
    for write_us, count in writes:
        run(stores.user_panes.put([PaneCell(owner, 0, "a", "t", views(count))], write_us))
    winner = max(writes)[1]
    assert counted(dict(run(stores.user_panes.since(owner, 0)))) == {(0, "a", "t"): winner}


def test_people_and_items_do_not_share_panes(stores: Stores, run: Run) -> None:
    owner = a_name()
    run(stores.user_panes.put([PaneCell(owner, 0, "a", "t", views(1))], write_us=1))
    assert run(stores.item_panes.since(owner, 0)) == {}


def test_an_untouched_price_comes_back_as_no_price(panes: Panes, run: Run) -> None:
    owner = a_name()
    run(panes.put([PaneCell(owner, 0, "a", "t", pack(zero()))], write_us=1))
    np.testing.assert_array_equal(run(panes.since(owner, 0))[0, "a", "t"], unpack(pack(zero())))


def test_a_removed_cell_is_gone_and_its_neighbours_stay(panes: Panes, run: Run) -> None:
    owner = a_name()
    cells = [
        PaneCell(owner, pane, "a", content_type, views(1)) for pane in (0, PANE_MS) for content_type in ("t", "b|01")
    ]
    run(panes.put(cells, write_us=5))
    run(panes.remove([cells[1]], write_us=6))
    assert counted(dict(run(panes.since(owner, 0)))) == {
        (0, "a", "t"): 1,
        (PANE_MS, "a", "t"): 1,
        (PANE_MS, "a", "b|01"): 1,
    }


def test_a_removal_counts_by_its_write_us_whatever_the_order(panes: Panes, run: Run) -> None:
    owner = a_name()
    newer, same, later = (PaneCell(owner, 0, category, "t", views(1)) for category in ("newer", "same", "later"))
    run(panes.put([newer, same], write_us=5))
    run(panes.remove([newer], write_us=4))
    run(panes.remove([same, later], write_us=5))
    run(panes.put([later], write_us=5))
    assert counted(dict(run(panes.since(owner, 0)))) == {(0, "newer", "t"): 1}
    run(panes.put([same], write_us=6))
    assert counted(dict(run(panes.since(owner, 0)))) == {(0, "newer", "t"): 1, (0, "same", "t"): 1}


def test_the_parts_of_a_scan_together_have_every_cell_of_its_time_once(panes: Panes, run: Run) -> None:
    owners = [a_name() for _ in range(20)]
    times = (HOUR_MS - PANE_MS, HOUR_MS, 2 * HOUR_MS - PANE_MS, 2 * HOUR_MS)
    run(panes.put([PaneCell(owner, at, "a|b", "t", views(3)) for owner in owners for at in times], write_us=1))
    parts = [run(panes.scan(part, 3, HOUR_MS, 2 * HOUR_MS)) for part in range(3)]
    found = [cell for cells in parts for cell in cells if cell.owner in owners]
    assert sorted(found, key=lambda cell: (cell.owner, cell.pane_ms)) == [
        PaneCell(owner, at, "a|b", "t", views(3)) for owner in sorted(owners) for at in times[1:3]
    ]
    assert len({cell.owner for cell in parts[0]} & {cell.owner for cell in parts[1]}) == 0


def test_a_scan_reads_on_when_a_part_is_longer_than_a_page(panes: Panes, run: Run) -> None:
    begin, hours = 1_000_000 * HOUR_MS, 2_500
    owner = a_name()
    run(panes.put([PaneCell(owner, begin + n * HOUR_MS, "a", "t", views(1)) for n in range(hours)], write_us=1))
    cells = run(panes.scan(0, 1, begin, begin + hours * HOUR_MS))
    assert len({cell.pane_ms for cell in cells if cell.owner == owner}) == hours


spans = st.lists(st.tuples(st.integers(0, 900), st.integers(1, 500)), min_size=1, max_size=8)


def query(n: int) -> PaneKey:
    return HOUR_MS + n % 12 * PANE_MS, f"query {n}", ""


@settings(max_examples=8, deadline=None)
@given(spans=spans, shuffled=st.randoms(use_true_random=False))
def test_of_an_hour_the_sample_is_seen_whatever_the_order_and_grouping_of_the_writes(
    stores: Stores, run: Run, spans: list[tuple[int, int]], shuffled: Random
) -> None:
    owner = a_name()
    writes = [(write_us, range(begin, begin + length)) for write_us, (begin, length) in enumerate(spans, start=1)]
    counts = {query(n): write_us for write_us, numbers in writes for n in numbers}  # the last one wins
    shuffled.shuffle(writes)
    for write_us, numbers in writes:
        run(stores.user_panes.put([PaneCell(owner, *query(n), views(write_us)) for n in numbers], write_us))
    kept = sample([entry_key(key) for key in counts])
    seen = {key: count for key, count in counts.items() if entry_key(key) in kept}
    assert counted(dict(run(stores.user_panes.since(owner, 0)))) == seen


def test_the_sample_is_of_each_hour_and_a_scan_sees_the_same(panes: Panes, run: Run) -> None:
    owner = a_name()
    keys = [
        (hour * HOUR_MS + n % 12 * PANE_MS, f"c{n}", "t") for hour, most in ((5, 700), (6, 512)) for n in range(most)
    ]
    run(panes.put([PaneCell(owner, *key, views(1)) for key in keys], write_us=1))
    kept = sample([entry_key(key) for key in keys[:700]])
    seen = {key for key in keys if key[0] >= 6 * HOUR_MS or entry_key(key) in kept}
    assert len(seen) == 1_024
    assert set(run(panes.since(owner, 0))) == seen
    # Also where the scan asks for a part of the hour: the sample is of all of it.
    found = run(panes.scan(0, 1, 5 * HOUR_MS + PANE_MS, 6 * HOUR_MS))
    assert {cell.key for cell in found if cell.owner == owner} == {
        key for key in seen if 5 * HOUR_MS + PANE_MS <= key[0] < 6 * HOUR_MS
    }


@pytest.mark.stack
def test_a_crawlers_row_stays_small_and_of_what_is_in_it_the_sample_is_seen(
    cassandra_stores: CassandraStores, run: Run
) -> None:
    owner = a_name()
    writers = [replace(cassandra_stores.user_panes, large=LargeRows()) for _ in range(2)]  # one, and it again
    for writer, most in zip(writers, (3_000, 6_000), strict=True):
        for begin in range(most - 3_000, most, 50):
            cells = [PaneCell(owner, *query(n), views(1)) for n in range(begin, begin + 50)]
            run(writer.put(cells, write_us=begin + 1))
    ((_, stored),) = run(cassandra_stores.connection.rows(writers[0].select, (owner, HOUR_MS)))
    # Of its own 3,000 each writes the first 100, and 512 · (1 + ln(2,900 / 512)) = 1,400 of the rest; √888 = 30.
    assert abs(len(stored) - 2 * 1_500) < 4 * 2 * 30
    kept = sample([entry_key(query(n)) for n in range(6_000)])
    assert {entry_key(key) for key in run(writers[0].since(owner, 0))} == kept


@pytest.mark.stack
def test_a_day_of_a_thousand_events_of_every_kind_is_twenty_five_rows(
    cassandra_stores: CassandraStores, run: Run
) -> None:
    person, clock = Person(f"u:{a_name()}"), 20_000 * DAY_MS + HOUR_MS // 2
    cells: dict[PaneKey, Facts] = {}
    for n in range(1_000):
        at, kind = clock - n * DAY_MS // 1_000, KINDS[n % len(KINDS)]
        event = Event(event_id=f"e{n}", kind=kind, person=person, occurred_at=at, received_at=at, value_milli=2_000)
        key = pane_of(at), f"category {n % 40}", f"type {n % 7}"
        cells[key] = merge(cells.get(key, zero()), facts_of(event, "GBP"))
    panes = cassandra_stores.user_panes
    run(panes.put([PaneCell(person, *key, pack(facts)) for key, facts in cells.items()], write_us=1))
    rows = run(cassandra_stores.connection.rows(panes.select, (person, hour_of(clock - DAY_MS))))
    assert len(cells) > 900  # hardly two events share a cell, and still:
    assert len(rows) == 25  # an hour each, the first and the last in part; a request may read 200
    day = merge_all(run(panes.since(person, clock - DAY_MS)).values())
    # 1,000 = 62 · 16 + 8: the first eight kinds come once more
    assert {kind: int(day[PLACE_OF[f"n_{kind}"]]) for kind in KINDS} == {
        kind: 63 if place < 8 else 62 for place, kind in enumerate(KINDS)
    }
    assert {"skip", "hide", "dislike"} < set(KINDS)
    # 62 dwells of 2 ms, and 62 carts and 62 purchases of two things
    assert (day[PLACE_OF["dwell_ms"]], day[PLACE_OF["quantity_milli"]]) == (62 * 2, 2 * 62 * 2_000)


@given(key=st.tuples(st.integers(0, 11), st.text(), st.text()), hour=st.integers(0, 400_000))
def test_names_come_back_whatever_is_in_them(key: tuple[int, str, str], hour: int) -> None:
    pane, category, content_type = key
    whole = hour * HOUR_MS + pane * PANE_MS, category, content_type
    assert list(cells_of([(hour * HOUR_MS, {entry_key(whole): views(1)})])) == [whole]


def test_an_entry_of_the_first_form_is_not_read() -> None:
    # As hot-v1 wrote it, without a content type: hot-v2 counts the same events into an entry beside it.
    row = {"02|3|a|b": views(7), "02:1|3|a|b": views(2)}
    assert counted(dict(cells_of([(HOUR_MS, row)]))) == {(HOUR_MS + 2 * PANE_MS, "3", "a|b"): 2}


def test_rows_of_an_hour_are_cells_whatever_their_category_is_called() -> None:
    rows = [
        (HOUR_MS, {entry_key((HOUR_MS, "a|b", "t")): views(1), entry_key((HOUR_MS + 11 * PANE_MS, "", "t")): views(2)}),
        (2 * HOUR_MS, {entry_key((2 * HOUR_MS + PANE_MS, "a", "")): pack(zero())}),
    ]
    cells = cells_of(rows)
    assert counted(dict(cells)) == {
        (HOUR_MS, "a|b", "t"): 1,
        (HOUR_MS + 11 * PANE_MS, "", "t"): 2,
        (2 * HOUR_MS + PANE_MS, "a", ""): 0,
    }
    assert cells_of([]) == {}


def test_of_a_row_with_too_many_entries_the_sample_is_read_in_the_rows_order_and_the_first_form_does_not_count() -> (
    None
):
    entries = {entry_key((n % 12 * PANE_MS, f"c{n}", "t")): views(n) for n in range(600)}
    old = {f"02|c{n}": views(n) for n in range(600)}
    kept = sample(entries)
    cells = cells_of([(0, old | entries)])
    assert [entry_key(key) for key in cells] == [entry for entry in entries if entry in kept]
    assert len(cells_of([(0, dict(list(entries.items())[:512]) | old)])) == 512


def test_a_key_that_names_no_pane_of_an_hour_is_refused() -> None:
    with pytest.raises(ValueError, match="pane '12'"):
        cells_of([(0, {"12:1|a|t": views(1)})])
