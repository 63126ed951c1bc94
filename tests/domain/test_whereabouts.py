"""Places and queries out of panes."""

from __future__ import annotations

import pytest

from headrace.domain.events import Event, Place
from headrace.domain.facts import FACTS, Facts, facts_of, item_facts_of, merge, zero
from headrace.domain.pane_columns import pack_panes, unpack_panes
from headrace.domain.pane_table import table_of
from headrace.domain.panes import PaneKey, pane_of
from headrace.domain.policy import Policy
from headrace.domain.recommend import known_of, recommend
from headrace.domain.whereabouts import (
    newest_offset,
    newest_place,
    places_of,
    queries_of,
    search_key,
    without_searches,
)
from headrace.domain.windows import windows_at
from tests.domain.small import CLOCK, event, inputs, snapshots

BERLIN, MUNICH = Place(52.52, 13.405), Place(48.14, 11.58)
MINUTE = 60_000


def counted(*events: Event) -> dict[PaneKey, Facts]:
    """The panes of some events, by a plain loop."""
    panes: dict[PaneKey, Facts] = {}
    for one in events:
        key = pane_of(one.occurred_at), one.category or "unknown", one.content_type or "unknown"
        for each in (key, search_key(one)):
            if each is not None:
                panes[each] = merge(panes.get(each, zero()), facts_of(one, "GBP"))
    return panes


def search(query: str | None, ago_ms: int, **fields: object) -> Event:
    return event("search", None, ago_ms, query=query, event_id=f"{query}-{ago_ms}", **fields)


def near(found: Place | None, place: Place) -> bool:
    return found is not None and (found.lat, found.lon) == pytest.approx((place.lat, place.lon), abs=0.001)


def test_queries_come_newest_pane_first_then_the_more_frequent_then_by_text() -> None:
    panes = counted(
        *(search(query, ago_ms) for query, ago_ms in (("mug", 0), ("pan", 0), ("pan", 1), ("bat", 0))),
        *(search(query, 20 * MINUTE) for query in ("net", "mug")),
        search(None, 0),
        event("view", "mug", query="no search"),
    )
    assert queries_of(panes) == ("pan", "bat", "mug", "net")
    assert queries_of(panes, 2) == ("pan", "bat")
    assert queries_of(counted(*(search(f"q{n}", n * 6 * MINUTE) for n in range(12)))) == tuple(
        f"q{n}" for n in range(8)
    )


def test_a_query_named_like_a_category_moves_neither_windows_nor_taste_nor_the_record() -> None:
    plain, searched = counted(search(None, 0), event("view", "mug")), counted(search("sport", 0), event("view", "mug"))
    assert len(searched) == len(plain) + 1
    assert without_searches(searched).keys() == plain.keys()
    windows = [
        {
            name: {cell: facts.tolist() for cell, facts in cells.items()}
            for name, cells in windows_at(each, CLOCK).items()
        }
        for each in (plain, searched)
    ]
    assert windows[0] == windows[1]
    known = [known_of(inputs(panes=panes), snapshots(), Policy()).preferences for panes in (plain, searched)]
    assert known[0].day.tolist() == known[1].day.tolist()
    assert pack_panes(searched, CLOCK) == pack_panes(plain, CLOCK)


def test_the_newest_place_and_offset_win_and_each_pane_tells_its_last() -> None:
    panes = counted(
        event("view", "mug", 2 * MINUTE, place=MUNICH, tz_offset_min=60),
        event("view", "bat", 1 * MINUTE, place=BERLIN),  # the same pane, another category
        event("view", "mug", 30 * MINUTE, place=MUNICH, tz_offset_min=120),
        event("view", "mug", 60 * MINUTE, place=None, tz_offset_min=-60),
    )
    first, second = places_of(panes)
    assert near(first, BERLIN)
    assert near(second, MUNICH)
    assert near(newest_place(table_of(panes)), BERLIN)
    assert newest_offset(table_of(panes)) == 60
    nothing = table_of(counted(event("view", "mug")))
    assert (newest_place(nothing), newest_offset(nothing), places_of(nothing)) == (None, None, ())


def test_the_record_keeps_no_place_of_panes_and_answers_the_same_without() -> None:
    panes = counted(event("view", "mug", 0, place=BERLIN, tz_offset_min=60), event("cart", "bat", 9 * MINUTE))
    kept = unpack_panes(pack_panes(panes, CLOCK))
    assert newest_place(table_of(kept)) is None
    assert newest_offset(table_of(kept)) == 60
    answers = [recommend(inputs(panes=each, limit=6), snapshots(), Policy()) for each in (panes, kept)]
    assert answers[0].slots == answers[1].slots


def test_an_item_does_not_say_where_its_people_were() -> None:
    facts = item_facts_of(event("view", "mug", place=BERLIN), "GBP")
    assert facts[FACTS.index("place_newest")] == 0
    assert facts_of(event("view", "mug", place=BERLIN), "GBP")[FACTS.index("place_newest")] > 0
