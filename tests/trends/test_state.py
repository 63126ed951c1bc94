"""What is kept for a restart."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headrace.domain.panes import DAY_MS
from headrace.trends.day import Day
from headrace.trends.state import State, load, save
from tests.trends.oracle import slow_sums
from tests.trends.test_day import EVENTS, NOW, event, rows_of

OFFSETS = {("w.events.clean", 0): 7, ("w.events.clean", 1): 0}
UNTIL_MS = {("w.events.clean", 0): NOW}


@pytest.fixture(scope="session")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("trends") / "made" / "state.npz"


@given(events=EVENTS, cut=st.integers(0, 60))
def test_a_day_goes_on_after_a_restart_wherever_it_came(path: Path, events: list, cut: int) -> None:
    day = Day()
    day.take(events[:cut])
    save(path, State(day, OFFSETS, UNTIL_MS), generation=1)
    again = load(path, generation=1)
    assert again is not None
    assert (again.offsets, again.until_ms) == (OFFSETS, UNTIL_MS)
    again.day.take(events)  # the first of them again
    again.day.pass_on(NOW, NOW - DAY_MS)
    assert rows_of(again.day) == slow_sums(events, NOW)


def test_where_nothing_was_counted_any_more_still_nothing_is(tmp_path: Path) -> None:
    day, old = Day(), event("view", "mug", 3_600_000)
    day.take([old])
    day.pass_on(NOW, NOW)
    save(tmp_path / "state.npz", State(day, OFFSETS), generation=1)
    again = load(tmp_path / "state.npz", generation=1)
    assert again is not None
    again.day.take([old])
    assert rows_of(again.day)["1d"] == {"mug": [1000, 1, 0, 0]}


def test_without_a_file_or_from_another_generation_nothing_is_left(tmp_path: Path) -> None:
    path = tmp_path / "state.npz"
    assert load(path, generation=1) is None
    save(path, State(Day(), OFFSETS), generation=1)
    assert load(path, generation=2) is None
    assert [each.name for each in tmp_path.iterdir()] == ["state.npz"], "no draft stays behind"


@pytest.mark.parametrize("size", [0, 10, 400])
def test_a_file_that_was_cut_is_refused_by_name(tmp_path: Path, size: int) -> None:
    path = tmp_path / "state.npz"
    save(path, State(Day(), OFFSETS), generation=1)
    path.write_bytes(path.read_bytes()[:size])
    with pytest.raises(ValueError, match=r"state\.npz"):
        load(path, generation=1)
