import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from headrace.domain.facts import PLACE_OF, Facts, pack, unpack, zero
from headrace.domain.panes import HOUR_MS, PANE_MS
from headrace.stores.ports import PaneCell, PaneKey, Panes, Stores
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
    run(panes.put([PaneCell(owner, 3 * HOUR_MS, "toys", pack(facts))], write_us=1))
    (key,) = run(panes.since(owner, 0))
    assert key == (3 * HOUR_MS, "toys")
    np.testing.assert_array_equal(run(panes.since(owner, 0))[key], facts)


def test_cells_of_one_hour_stay_apart_by_pane_and_category(panes: Panes, run: Run) -> None:
    owner = a_name()
    cells = {(HOUR_MS, "a"): 1, (HOUR_MS, "b|01"): 2, (HOUR_MS + PANE_MS, "a"): 3, (HOUR_MS + 11 * PANE_MS, ""): 4}
    run(panes.put([PaneCell(owner, pane, category, views(n)) for (pane, category), n in cells.items()], write_us=1))
    assert counted(dict(run(panes.since(owner, 0)))) == cells


def test_a_later_batch_adds_cells_without_touching_the_others(panes: Panes, run: Run) -> None:
    owner = a_name()
    run(panes.put([PaneCell(owner, HOUR_MS, "a", views(1))], write_us=1))
    run(panes.put([PaneCell(owner, HOUR_MS, "b", views(2))], write_us=2))
    assert counted(dict(run(panes.since(owner, 0)))) == {(HOUR_MS, "a"): 1, (HOUR_MS, "b"): 2}


def test_since_reaches_back_to_the_start_of_the_hour(panes: Panes, run: Run) -> None:
    owner = a_name()
    run(panes.put([PaneCell(owner, hour * HOUR_MS, "a", views(hour)) for hour in (1, 2, 3)], write_us=1))
    run(panes.put([PaneCell(owner, 3 * HOUR_MS - PANE_MS, "a", views(9))], write_us=1))
    assert counted(dict(run(panes.since(owner, 3 * HOUR_MS - 1)))) == {
        (2 * HOUR_MS, "a"): 2,
        (3 * HOUR_MS - PANE_MS, "a"): 9,
        (3 * HOUR_MS, "a"): 3,
    }


@settings(max_examples=20, deadline=None)
@given(writes=st.lists(st.tuples(st.integers(1, 6), st.integers(1, 9)), unique_by=lambda w: w[0], min_size=1))
def test_the_greatest_write_us_wins_whatever_the_order(stores: Stores, run: Run, writes: list[tuple[int, int]]) -> None:
    owner = a_name()
    for write_us, count in writes:
        run(stores.user_panes.put([PaneCell(owner, 0, "a", views(count))], write_us))
    winner = max(writes)[1]
    assert counted(dict(run(stores.user_panes.since(owner, 0)))) == {(0, "a"): winner}


def test_people_and_items_do_not_share_panes(stores: Stores, run: Run) -> None:
    owner = a_name()
    run(stores.user_panes.put([PaneCell(owner, 0, "a", views(1))], write_us=1))
    assert run(stores.item_panes.since(owner, 0)) == {}


def test_an_untouched_price_comes_back_as_no_price(panes: Panes, run: Run) -> None:
    owner = a_name()
    run(panes.put([PaneCell(owner, 0, "a", pack(zero()))], write_us=1))
    np.testing.assert_array_equal(run(panes.since(owner, 0))[0, "a"], unpack(pack(zero())))


def test_a_removed_cell_is_gone_and_its_neighbours_stay(panes: Panes, run: Run) -> None:
    owner = a_name()
    cells = [PaneCell(owner, pane, category, views(1)) for pane in (0, PANE_MS) for category in ("a", "b|01")]
    run(panes.put(cells, write_us=5))
    run(panes.remove([cells[1]], write_us=6))
    assert counted(dict(run(panes.since(owner, 0)))) == {(0, "a"): 1, (PANE_MS, "a"): 1, (PANE_MS, "b|01"): 1}


def test_a_removal_counts_by_its_write_us_whatever_the_order(panes: Panes, run: Run) -> None:
    owner = a_name()
    newer, same, later = (PaneCell(owner, 0, category, views(1)) for category in ("newer", "same", "later"))
    run(panes.put([newer, same], write_us=5))
    run(panes.remove([newer], write_us=4))
    run(panes.remove([same, later], write_us=5))
    run(panes.put([later], write_us=5))
    assert counted(dict(run(panes.since(owner, 0)))) == {(0, "newer"): 1}
    run(panes.put([same], write_us=6))
    assert counted(dict(run(panes.since(owner, 0)))) == {(0, "newer"): 1, (0, "same"): 1}


def test_the_parts_of_a_scan_together_have_every_cell_of_its_time_once(panes: Panes, run: Run) -> None:
    owners = [a_name() for _ in range(20)]
    times = (HOUR_MS - PANE_MS, HOUR_MS, 2 * HOUR_MS - PANE_MS, 2 * HOUR_MS)
    run(panes.put([PaneCell(owner, at, "a|b", views(3)) for owner in owners for at in times], write_us=1))
    parts = [run(panes.scan(part, 3, HOUR_MS, 2 * HOUR_MS)) for part in range(3)]
    found = [cell for cells in parts for cell in cells if cell.owner in owners]
    assert sorted(found, key=lambda cell: (cell.owner, cell.pane_ms)) == [
        PaneCell(owner, at, "a|b", views(3)) for owner in sorted(owners) for at in times[1:3]
    ]
    assert len({cell.owner for cell in parts[0]} & {cell.owner for cell in parts[1]}) == 0


def test_a_scan_reads_on_when_a_part_is_longer_than_a_page(panes: Panes, run: Run) -> None:
    begin, hours = 1_000_000 * HOUR_MS, 2_500
    owner = a_name()
    run(panes.put([PaneCell(owner, begin + n * HOUR_MS, "a", views(1)) for n in range(hours)], write_us=1))
    cells = run(panes.scan(0, 1, begin, begin + hours * HOUR_MS))
    assert len({cell.pane_ms for cell in cells if cell.owner == owner}) == hours
