"""Windows that end at the clock."""

from headrace.domain.facts import PLACE_OF, facts_of, merge
from headrace.domain.panes import HOUR_MS, PANE_MS, pane_of
from headrace.domain.windows import REACH_MS, marginal, windows_at
from tests.domain.small import CLOCK, event

NEWEST = pane_of(CLOCK)  # 22:10 UTC, the 267th pane of its day
ONE = facts_of(event("view", "mug", price_minor=5), "GBP")
MUG = ("kitchen", "product")


def seen_at(tz_offset_min):
    return facts_of(event("view", "mug", tz_offset_min=tz_offset_min), "GBP")


def views(cells):
    return {name: int(facts[PLACE_OF["n_view"]]) for name, facts in cells.items()}


def test_a_window_holds_the_panes_that_end_with_the_clocks() -> None:
    starts = [NEWEST + PANE_MS, NEWEST, NEWEST - PANE_MS, NEWEST - 11 * PANE_MS, NEWEST - 12 * PANE_MS]
    panes = {(start, *MUG): ONE for start in [*starts, NEWEST - 266 * PANE_MS, NEWEST - 267 * PANE_MS]}
    found = windows_at(panes, CLOCK)
    # 5 min: this pane; 1 h: this one, the one before and the twelfth; today also the thirteenth and that of midnight
    assert {name: views(cells) for name, cells in found.items()} == {
        "5m": {MUG: 1},
        "1h": {MUG: 3},
        "1d": {MUG: 5},
        "1d_local": {},
    }
    assert found["1d"][MUG][PLACE_OF["price_min"]] == 5


def test_the_local_day_begins_at_the_persons_own_midnight() -> None:
    # 22:10 UTC is 23:40 of a day that began at 22:30 the day before in UTC+1:30, and 00:10 of a new one in UTC+2.
    panes = {(NEWEST - hours * HOUR_MS, *MUG): seen_at(90) for hours in (0, 23, 24)}
    assert views(windows_at(panes, CLOCK)["1d_local"]) == {MUG: 2}
    panes = {(NEWEST - hours * HOUR_MS, *MUG): seen_at(120) for hours in (0, 1)}
    assert views(windows_at(panes, CLOCK)["1d_local"]) == {MUG: 1}


def test_when_the_clocks_go_back_the_day_is_still_one_date() -> None:
    # Two hours ahead until an hour ago, one hour since: 22:10 UTC is 23:10 of the date that began 24 hours and 10
    # minutes before, at midnight two hours ahead.
    changed = NEWEST - HOUR_MS
    before = {(NEWEST - 24 * HOUR_MS - late * PANE_MS, *MUG): seen_at(120) for late in (0, 2, 3)}
    panes = {(NEWEST, *MUG): seen_at(60), (changed, *MUG): seen_at(60), **before}
    assert views(windows_at(panes, CLOCK)["1d_local"]) == {MUG: 4}  # not what is 24 hours and a quarter old


def test_a_pane_of_a_date_is_never_older_than_the_reach() -> None:
    # Fourteen hours ahead, then ten behind, and the same date all the time; the contract allows a day either way.
    oldest = NEWEST - NEWEST % (24 * HOUR_MS) - 24 * HOUR_MS
    panes = {(oldest, *MUG): seen_at(1440), (oldest + 3 * 24 * HOUR_MS - PANE_MS, *MUG): seen_at(-1440)}
    clock = oldest + 3 * 24 * HOUR_MS - 1
    assert views(windows_at(panes, clock)["1d_local"]) == {MUG: 2}
    assert REACH_MS == 3 * 24 * HOUR_MS
    assert clock - REACH_MS < oldest


def test_a_pane_that_tells_no_offset_is_in_no_local_day() -> None:
    panes = {(NEWEST, *MUG): seen_at(60), (NEWEST, "kitchen", "unknown"): ONE}
    assert views(windows_at(panes, CLOCK)["1d_local"]) == {MUG: 1}


def test_both_marginals_sum_the_same_events_up() -> None:
    cells = {("z", "film"): ONE, ("a", "film"): merge(ONE, ONE), ("a", "song"): ONE}
    assert list(marginal(cells, "category")) == ["a", "z"]
    assert views(marginal(cells, "category")) == {"a": 3, "z": 1}
    assert views(marginal(cells, "content_type")) == {"film": 3, "song": 1}


def test_no_panes_are_no_windows() -> None:
    assert windows_at({}, CLOCK) == {"5m": {}, "1h": {}, "1d": {}, "1d_local": {}}
