"""The demo's story, told to an API that answers as it is told to, and printed in 80 columns."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

import msgspec
import pytest
from rich.console import Console

from headrace.domain.contract import read_event
from headrace.errors import BadInput, PartFailed
from headrace.local.demo import Cast, Move, Story, cast_of, deeds, moves, tell
from headrace.local.demo_page import page, summary, why, without
from headrace.local.simulator import Simulation, load_params
from headrace.serve.events import Received, Rejected
from headrace.serve.wire import BecauseBody, Freshness, RankedItem, RankedList, Versions

CONF = Path(__file__).resolve().parents[2] / "conf" / "simulator.toml"
NOW = 1_764_000_000_000
CAST = Cast("p0001", ("garden", "toys", "bags"), "lighting", ("i0005", "i0019", "i0033"))


@cache
def world() -> Simulation:
    return Simulation.of(load_params(CONF), 20)


def ranked(*items: str, clock_ms: int = NOW, live: int | None = None) -> RankedList:
    return RankedList(
        request_id="r",
        world="demo",
        clock_ms=clock_ms,
        versions=Versions("m1", "m1", "c1", "f1", "w1"),
        freshness=Freshness(live, None, None),
        degraded=(),
        items=tuple(
            RankedItem(item, f"A Rather Long Title of Item {item}", place, 0, ("als", "popularity"), {"als": 9 - place})
            for place, item in enumerate(items)
        ),
    )


@dataclass(slots=True)
class Told:
    """An API that gives these lists one after the other, and remembers what was posted. A second passes per list."""

    lists: list[RankedList]
    rejected: tuple[Rejected, ...] = ()
    posted: list[Mapping[str, object]] = field(default_factory=list)
    now_s: float = 0.0

    def recommend(self, user_id: str, limit: int, explain: bool, dry_run: bool) -> RankedList:
        self.now_s += 1.0
        return self.lists.pop(0) if len(self.lists) > 1 else self.lists[0]

    def post_events(self, events: list[Mapping[str, object]]) -> Received:
        self.now_s += 0.25
        self.posted += events
        return Received(3 - len(self.rejected), self.rejected)

    def monotonic(self) -> float:
        return self.now_s

    def sleep(self, seconds: float) -> None:
        self.now_s += seconds


def told(api: Told) -> Story:
    return tell(api, CAST, lambda: NOW, api.monotonic, api.sleep)


def test_the_list_counts_as_new_once_it_has_seen_the_third_event() -> None:
    old, unaware, aware = ranked("a", "b"), ranked("a", "b", live=1), ranked("b", "n", clock_ms=NOW + 40, live=40)
    api = Told([old, unaware, aware, aware])
    story = told(api)
    assert story.acknowledged_ms == 250.0
    assert story.visible_ms == pytest.approx(250 + 2 * 1000 + 2)  # the ack, two lists, one pause between them
    assert [(move.item.item_id, move.was) for move in story.moves] == [("b", 1), ("n", None)]


def test_events_that_never_show_are_an_error() -> None:
    with pytest.raises(PartFailed, match="not in the list after 30 s"):
        told(Told([ranked("a")]))


def test_a_refused_event_is_an_error() -> None:
    with pytest.raises(PartFailed, match="too far"):
        told(Told([ranked("a")], rejected=(Rejected(0, "e", "future", "too far"),)))


def test_the_three_events_keep_the_contract_and_the_newest_is_now() -> None:
    seen = [
        read_event(json.dumps(deed).encode(), NOW, trust_received_at=False, allowed_lateness_ms=600_000)
        for deed in deeds(CAST, NOW)
    ]
    assert [event.item_id for event in seen] == list(CAST.items)
    assert [event.kind for event in seen] == ["view", "view", "cart"]
    assert max(event.occurred_at for event in seen) == NOW
    assert len({event.event_id for event in seen}) == 3


def test_the_cast_turns_to_what_they_cared_least_for() -> None:
    cast = cast_of(world(), NOW)
    category = {item.item_id: item.category for item in world().catalogue()}
    assert {category[item] for item in cast.items} == {cast.category}
    assert len(set(cast.items)) == 3
    assert cast.category not in cast.cares_for
    assert not [visit for visit in world().visits(NOW - 3_600_000, NOW) if visit.person.user_id == cast.user_id]


def test_a_world_too_small_for_the_story_says_what_to_raise() -> None:
    params = world().params
    few = msgspec.structs.replace(params, people=msgspec.structs.replace(params.people, count=1))
    with pytest.raises(BadInput, match=r"simulator\.toml: nobody has 4 to 12 visits .* raise people\.count \(1\)"):
        cast_of(Simulation.of(few, 20), NOW)
    bare = msgspec.structs.replace(params, catalogue=msgspec.structs.replace(params.catalogue, items=14))
    with pytest.raises(BadInput, match=r"simulator\.toml: no category of products has 3 items.*items \(14\)"):
        cast_of(Simulation.of(bare, 20), NOW)


def test_moves_say_where_each_item_was() -> None:
    assert [move.was for move in moves(ranked("a", "b", "c"), ranked("c", "x", "b"))] == [2, None, 1]


def test_why_names_the_item_that_it_depends_on_else_the_largest_part() -> None:
    item = RankedItem("i", None, 0, 0, ("als",), {"taste": 5, "trend": 7}, BecauseBody("j", "Lamp", 0, 4))
    assert (why(item), without(item)) == ("Lamp", "5")  # places are told from 1
    gone = RankedItem("i", None, 0, 0, (), {}, BecauseBody("j", None, 0, None))
    assert (why(gone), without(gone)) == ("j", "gone")
    plain = RankedItem("i", None, 0, 0, ("als",), {"taste": 5, "session_trend": 7})
    assert (why(plain), without(plain)) == ("session trend", "")


def test_the_page_fits_eighty_columns_and_shows_what_moved() -> None:
    before, after = ranked("i0001", "i0002", "i0005"), ranked("i0005", "i0001", "i0019")
    story = Story(CAST, before, after, moves(before, after), 12.0, 34.4)
    console = Console(width=80)
    with console.capture() as captured:
        console.print(page(story, {item.item_id: item for item in world().catalogue()}))
    text = captured.get()
    assert all(len(line) <= 80 for line in text.splitlines())
    assert "▲ 2" in text
    assert "▼ 1" in text
    assert "new" in text
    assert "34 ms" in text
    assert summary(story) == "1 of 3 items are new in the list, 2 moved."
    assert [move for move in story.moves if move.was is None] == [Move(after.items[2], None)]
