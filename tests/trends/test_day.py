"""The tally of a day against a plain loop over the events that count."""

from __future__ import annotations

import random
from dataclasses import replace

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from headrace.domain.events import Event, ItemId, Person
from headrace.domain.panes import DAY_MS, HOUR_MS, MINUTE_MS, PANE_MS
from headrace.domain.trends import WINDOWS
from headrace.trends.day import Day
from tests.trends.oracle import slow_sums

NOW = 1_700_000_000_000 - 1_700_000_000_000 % PANE_MS + MINUTE_MS
PANE = NOW - MINUTE_MS


def event(kind: str, item: str | None, ago_ms: int = 0, person: str = "u:ann", **fields: object) -> Event:
    plain = Event(
        event_id=f"{kind}-{item}-{ago_ms}",
        kind=kind,
        person=Person(person),
        item_id=None if item is None else ItemId(item),
        occurred_at=NOW - ago_ms,
        received_at=NOW - ago_ms,
    )
    return replace(plain, **fields)


def counted(*events: Event) -> dict[str, dict[str, list[int]]]:
    day = Day()
    day.take(events)
    return rows_of(day)


def rows_of(day: Day, clock: int = NOW) -> dict[str, dict[str, list[int]]]:
    """Window → item → its sums, items of zeros left out."""
    return {
        window: {item: row for item, row in zip(day.items, found.tolist(), strict=True) if any(row)}
        for window, found in day.sums(clock).items()
    }


def test_what_happened_is_in_the_windows_that_reach_it() -> None:
    found = counted(
        event("view", "mug"),
        event("purchase", "mug", 10 * MINUTE_MS),
        event("impression", "pan", 2 * HOUR_MS),
        event("click", "pan", 25 * HOUR_MS),
    )
    assert found == {
        "5m": {"mug": [1000, 1, 0, 0]},
        "1h": {"mug": [6000, 2, 0, 0]},
        "1d": {"mug": [6000, 2, 0, 0], "pan": [0, 0, 1, 0]},
    }


def test_a_person_counts_once_per_item_kind_and_five_minutes() -> None:
    busy = [event("view", "mug", ms, event_id=f"e{ms}") for ms in range(50)]
    assert counted(*busy)["5m"] == {"mug": [1000, 1, 0, 0]}
    assert counted(*busy, event("view", "mug", person="u:bob"))["5m"] == {"mug": [2000, 2, 0, 0]}
    assert counted(*busy, event("view", "mug", PANE_MS))["1h"] == {"mug": [2000, 2, 0, 0]}


def test_late_events_and_repeats_count_nothing_even_where_a_repeat_says_something_else() -> None:
    first = event("view", "mug")
    assert counted(first, event("view", "pan", late=True), first, replace(first, item_id=ItemId("pan")))["1d"] == {
        "mug": [1000, 1, 0, 0]
    }


def test_a_search_takes_its_key_and_counts_for_no_item() -> None:
    search = event("search", None)
    assert counted(search, replace(search, kind="view", item_id=ItemId("mug")))["1d"] == {}


def test_what_is_ahead_of_the_clock_counts_when_its_time_comes() -> None:
    day = Day()
    day.take([event("view", "mug", -PANE_MS)])
    assert rows_of(day)["1d"] == {}
    assert rows_of(day, NOW + PANE_MS)["5m"] == {"mug": [1000, 1, 0, 0]}


def test_a_day_that_passes_leaves_nothing_behind() -> None:
    day = Day()
    day.take([event("view", f"i{number}", number * MINUTE_MS) for number in range(1500)])
    day.pass_on(NOW + DAY_MS, NOW + DAY_MS)
    # i0 happened a minute into its pane and i1 at its start; the window reaches back to that pane and no further.
    assert (list(day.panes), day.items, day.codes) == ([PANE], ["i0", "i1"], {"i0": 0, "i1": 1})
    day.pass_on(NOW + 2 * DAY_MS, NOW + 2 * DAY_MS)
    assert (day.panes, day.items, day.codes) == ({}, [], {})


def test_behind_the_horizon_nothing_is_counted_twice_nor_at_all() -> None:
    day, old = Day(), event("view", "mug", HOUR_MS)
    day.take([old])
    day.pass_on(NOW, NOW - 30 * MINUTE_MS)
    day.take([old, event("view", "pan", HOUR_MS), event("view", "pot")])
    assert day.behind == 2
    assert rows_of(day)["1d"] == {"mug": [1000, 1, 0, 0], "pot": [1000, 1, 0, 0]}


EVENTS = st.lists(
    st.builds(
        event,
        st.sampled_from(["view", "click", "impression", "purchase", "hide", "search", "rating", "dwell"]),
        st.sampled_from(["a", "b", "c", "d", None]),
        st.sampled_from([0, 1, MINUTE_MS, PANE_MS, PANE_MS + 1, HOUR_MS, 5 * HOUR_MS, DAY_MS, DAY_MS + PANE_MS]),
        st.sampled_from(["u:ann", "u:bob", "s:1"]),
        late=st.booleans(),
        event_id=st.sampled_from(["1", "2", "3"]),
        value_milli=st.sampled_from([None, -1_500, 1, 4_500, 30_000_000]),
    ),
    max_size=60,
)


@given(events=EVENTS, seed=st.integers(0, 1000))
def test_any_batching_interleaving_and_redelivery_is_the_plain_loop(events: list[Event], seed: int) -> None:
    expected, chance = slow_sums(events, NOW), random.Random(seed)
    persons = sorted({one.person for one in events})
    queues = {person: [one for one in events if one.person == person] for person in persons}
    day, sent = Day(), []
    while any(queues.values()):  # partitions in any interleaving; a person's events in their order
        person = chance.choice([each for each, left in queues.items() if left])
        taken = [queues[person].pop(0) for _ in range(min(len(queues[person]), chance.randint(1, 5)))]
        sent += taken
        day.take(taken)
        if chance.random() < 0.3:
            day.take(chance.sample(sent, min(len(sent), 3)))  # again
    day.pass_on(NOW, NOW - DAY_MS)
    day.take(sent)
    assert rows_of(day) == expected


def test_sums_are_integers_of_every_item() -> None:
    day = Day()
    day.take([event("view", "mug")])
    assert {window: (found.dtype, found.shape) for window, found in day.sums(NOW).items()} == dict.fromkeys(
        WINDOWS, (np.dtype(np.int64), (1, 4))
    )
