"""Windows that end at the clock."""

from headrace.domain.facts import PLACE_OF, facts_of
from headrace.domain.panes import PANE_MS, pane_of
from headrace.domain.windows import windows_at
from tests.domain.small import CLOCK, event

NEWEST = pane_of(CLOCK)


def test_a_window_holds_the_panes_that_end_with_the_clocks() -> None:
    one = facts_of(event("view", "mug", price_minor=5), "GBP")
    starts = [NEWEST + PANE_MS, NEWEST, NEWEST - PANE_MS, NEWEST - 11 * PANE_MS, NEWEST - 12 * PANE_MS]
    panes = {(start, "kitchen"): one for start in [*starts, NEWEST - 287 * PANE_MS, NEWEST - 288 * PANE_MS]}
    found = windows_at(panes, CLOCK)
    views = {name: by_category["kitchen"][PLACE_OF["n_view"]] for name, by_category in found.items()}
    # 5 min: this pane; 1 h: this one, the one before and the twelfth; 1 day: also the thirteenth and the 288th
    assert views == {"5m": 1, "1h": 3, "1d": 5}
    assert found["1d"]["kitchen"][PLACE_OF["price_min"]] == 5


def test_categories_are_apart_and_in_order_and_no_panes_are_no_windows() -> None:
    one = facts_of(event("view", "mug"), "GBP")
    found = windows_at({(NEWEST, "z"): one, (NEWEST, "a"): one}, CLOCK)
    assert list(found["5m"]) == ["a", "z"]
    assert windows_at({}, CLOCK) == {"5m": {}, "1h": {}, "1d": {}}
