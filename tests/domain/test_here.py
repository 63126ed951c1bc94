"""Contexts of place and time."""

from datetime import datetime, timedelta, timezone

from hypothesis import given
from hypothesis import strategies as st

from headrace.domain.here import (
    ANY_TIME,
    EVER,
    EVERYWHERE,
    NOWHERE,
    Here,
    contexts_of,
    counted_contexts,
    hour_code,
    local_time,
    part_code,
)

times = st.integers(0, 23), st.integers(0, 6)


@given(st.integers(100_000_000_000, 4_000_000_000_000), st.integers(-1439, 1439))
def test_local_time_is_the_calendars(clock: int, offset: int) -> None:
    local = datetime.fromtimestamp(clock // 1000, timezone(timedelta(minutes=offset)))
    assert local_time(clock, offset) == (local.hour, local.weekday())


def test_every_hour_and_every_part_has_a_code_of_its_own_for_working_days_and_weekends() -> None:
    hours = {hour_code(hour, weekday) for hour in range(24) for weekday in range(7)}
    parts = {part_code(hour, weekday) for hour in range(24) for weekday in range(7)}
    assert hours == set(range(48))
    assert parts == set(range(48, ANY_TIME))


@given(*times, *times)
def test_who_shares_the_hour_shares_the_part(hour: int, weekday: int, other_hour: int, other_weekday: int) -> None:
    if hour_code(hour, weekday) == hour_code(other_hour, other_weekday):
        assert part_code(hour, weekday) == part_code(other_hour, other_weekday)


def test_what_is_not_known_is_left_open() -> None:
    assert contexts_of(NOWHERE) == (EVER,) == ((EVERYWHERE, ANY_TIME),)
    assert contexts_of(Here(77, 7, None, None)) == ((0, 60), (7, 60), (77, 60))
    assert contexts_of(Here(None, None, 23, 6)) == ((0, 60), (0, 59), (0, 47))


def test_whatever_a_request_does_not_know_it_looks_where_orders_were_counted() -> None:
    order = Here(77, 7, 8, 0)
    counted = counted_contexts(order)
    for asked in (order, Here(77, 7), Here(hour=8, weekday=0), NOWHERE):
        assert counted.issuperset(contexts_of(asked))
    assert len(counted) == 8
    assert counted_contexts(Here(77, 7)) == {(0, 60), (7, 60), (77, 60)}
