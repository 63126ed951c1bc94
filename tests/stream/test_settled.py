"""Which hours may be rebuilt: whole ones that the stream writes no more."""

from __future__ import annotations

import pytest

from headrace.domain.panes import HOUR_MS
from headrace.errors import BadInput
from headrace.stream.settled import Hours, closed_hours, closed_part

SETTLED = 10 * HOUR_MS + 1_800_000


def test_hours_up_to_the_one_that_is_settled_are_closed() -> None:
    assert closed_hours(0, 10 * HOUR_MS, SETTLED) == Hours(0, 10 * HOUR_MS, SETTLED)


@pytest.mark.parametrize(
    ("begin", "end", "said"),
    [
        (0, 11 * HOUR_MS, "--to 1970-01-01T11:00Z: hours from 1970-01-01T10:00Z on are open"),
        (5, HOUR_MS, "--from 1970-01-01T00:00Z: whole hours are rebuilt; 1970-01-01T00:00Z is one's start"),
        (0, HOUR_MS + 60_000, "--to 1970-01-01T01:01Z: whole hours are rebuilt; 1970-01-01T01:00Z is one's start"),
        (HOUR_MS, HOUR_MS, "--from 1970-01-01T01:00Z --to 1970-01-01T01:00Z: no hour is in there"),
    ],
)
def test_what_cannot_be_rebuilt_is_refused_in_one_line(begin: int, end: int, said: str) -> None:
    with pytest.raises(BadInput) as refused:
        closed_hours(begin, end, SETTLED)
    assert str(refused.value).startswith(said)
    assert "\n" not in str(refused.value)


def test_before_any_hour_is_closed_that_is_what_is_said() -> None:
    with pytest.raises(BadInput, match="no hour is closed yet"):
        closed_hours(0, HOUR_MS, 0)


def test_of_any_time_the_whole_closed_hours_in_it_are_compared() -> None:
    assert closed_part(1, 20 * HOUR_MS, SETTLED) == Hours(HOUR_MS, 10 * HOUR_MS, SETTLED)
    assert closed_part(2 * HOUR_MS, 4 * HOUR_MS - 1, SETTLED) == Hours(2 * HOUR_MS, 3 * HOUR_MS, SETTLED)
    assert closed_part(10 * HOUR_MS, 20 * HOUR_MS, SETTLED) is None
    assert closed_part(1, HOUR_MS, SETTLED) is None


@pytest.mark.parametrize("hours", [(0, 0), (1, HOUR_MS), (0, 11 * HOUR_MS), (HOUR_MS, 0)])
def test_hours_that_are_open_or_not_whole_cannot_be_made(hours: tuple[int, int]) -> None:
    with pytest.raises(ValueError, match="whole closed hours"):
        Hours(*hours, settled_ms=SETTLED)
