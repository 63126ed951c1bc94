"""What a person likes over weeks: worked out by hand, and judged by a plain loop over their events."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from headrace.domain import taste
from headrace.domain.events import Event
from headrace.domain.panes import DAY_MS
from headrace.domain.policy import Policy
from headrace.domain.preferences import Lasting
from headrace.domain.recommend import known_of, recommend
from headrace.domain.strength import KIND_CODE, neutral_value_milli, strengths
from headrace.domain.taste import Acts, Taste, no_acts, taste_of
from tests.domain.small import CLOCK, ITEMS, METAS, batch, event, inputs, snapshots

SMALL = snapshots()
KITCHEN, SPORT = 1, 2
UP = ("view", "like", "cart", "purchase", "dwell", "watch", "pause")
DOWN = ("skip", "hide", "dislike", "uncart")


def strength(one: Event) -> float:
    value = neutral_value_milli(one.kind) if one.value_milli is None else one.value_milli
    return float(strengths(np.array([KIND_CODE[one.kind]]), np.array([value]))[0])


def acts(*events: Event) -> Acts:
    """A history as training hands it over, an event a cell, in the order given."""
    said = [one for one in events if strength(one)]
    return Acts(
        days=np.array([one.occurred_at // DAY_MS for one in said], dtype=np.int64),
        items=np.array([ITEMS.index(one.item_id or "") for one in said], dtype=np.int64),
        categories=tuple(one.category or "unknown" for one in said),
        strength_milli=np.array([round(strength(one) * 1000) for one in said], dtype=np.int64),
        last_ms=max((one.occurred_at for one in said), default=0),
    )


def lasting(trained: Taste | None, *tail: Event) -> Lasting:
    known = None if trained is None else replace(batch([]), taste=trained)
    return known_of(inputs(tail, batch=known), SMALL, Policy()).preferences.lasting


def liking(of: Lasting) -> dict[int, float]:
    """Item → affinity; what evens out is left out."""
    items = np.union1d(of.counted, of.items)
    return {item: like for item, like in zip(items.tolist(), of.affinity_to(items).tolist(), strict=True) if like}


def by_loop(events: Sequence[Event], at_ms: int) -> tuple[dict[str, float], dict[str, float]]:
    """Strength by category and by item, event by event: half of it after 21 days, whole days counted."""
    categories: dict[str, float] = {}
    items: dict[str, float] = {}
    for one in events:
        left = strength(one) * 0.5 ** ((at_ms // DAY_MS - one.occurred_at // DAY_MS) / 21)
        categories[one.category or "unknown"] = categories.get(one.category or "unknown", 0.0) + left
        items[str(one.item_id)] = items.get(str(one.item_id), 0.0) + left
    return categories, items


def test_a_taste_by_hand() -> None:
    found = taste_of(
        acts(
            event("purchase", "mug", 21 * DAY_MS),  # 5 → 2.5
            event("view", "mug", 0),  # 1
            event("hide", "bat", 42 * DAY_MS),  # −3 → −0.75
            event("view", "odd", 0),  # in no category
        ),
        CLOCK,
    )
    assert dict(zip(found.categories, found.category_strength.tolist(), strict=True)) == {
        "kitchen": 3.5,
        "sport": -0.75,
    }
    assert dict(zip(found.items.tolist(), found.item_strength.tolist(), strict=True)) == {0: 3.5, 3: -0.75, 5: 1.0}
    assert (found.as_of_ms, found.last_ms) == (CLOCK, CLOCK)


def test_days_are_whole_and_the_same_act_fades_at_midnight() -> None:
    midnight = CLOCK - CLOCK % DAY_MS
    before, after = (float(taste.share_left(midnight - 1, at)) for at in (midnight - 1, midnight))
    assert (before, after) == (1.0, pytest.approx(0.5 ** (1 / 21)))


def test_nobodys_taste_is_empty() -> None:
    found = taste_of(no_acts(), CLOCK)
    assert (found.categories, found.items.tolist(), found.last_ms) == ((), [], 0)


def test_what_cancels_out_is_no_taste() -> None:
    found = taste_of(acts(event("view", "mug"), event("skip", "mug")), CLOCK)
    assert (found.categories, found.items.tolist()) == ((), [])


def test_only_the_strongest_are_kept_and_refusals_have_places_of_their_own(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(taste, "CATEGORIES", 1)
    monkeypatch.setattr(taste, "LIKED", 1)
    monkeypatch.setattr(taste, "REFUSED", 1)
    found = taste_of(
        acts(
            *(event("view", "mug"), event("cart", "pan"), event("purchase", "pot")),
            *(event("skip", "bat"), event("dislike", "net"), event("hide", "net")),
        ),
        CLOCK,
    )
    # mug 1, pan 3, pot 5, bat −1, net −5; kitchen 9, sport −6
    assert dict(zip(found.items.tolist(), found.item_strength.tolist(), strict=True)) == {2: 5.0, 4: -5.0}
    assert found.categories == ("kitchen",)


def test_a_name_without_room_is_passed_over() -> None:
    long, short = "é" * 301, "k" * 600
    history = replace(
        acts(event("purchase", "mug"), event("cart", "mug"), event("view", "mug")), categories=(long, short, "x")
    )
    assert taste_of(history, CLOCK).categories == (short,)


days = st.integers(0, 100 * 24).map(lambda hours: hours * 3_600_000)
histories = st.lists(st.tuples(st.sampled_from([*UP, *DOWN, "impression"]), st.sampled_from(ITEMS), days), max_size=15)


def told(rows: Sequence[tuple[str, str, int]]) -> list[Event]:
    """Oldest first, no two at once."""
    return [
        event(kind, item, ago + place, event_id=f"e{place}", value_milli=20_000_000)
        for place, (kind, item, ago) in enumerate(sorted(rows, key=lambda row: row[2]))
    ][::-1]


@given(histories)
def test_a_taste_is_what_a_loop_over_the_events_finds(rows: list[tuple[str, str, int]]) -> None:
    events = told(rows)
    categories, items = by_loop(events, CLOCK)
    found = taste_of(acts(*events), CLOCK)
    by_name = dict(zip(found.categories, found.category_strength.tolist(), strict=True))
    by_item = dict(zip(found.items.tolist(), found.item_strength.tolist(), strict=True))
    for name in ("kitchen", "sport"):
        assert by_name.get(name, 0.0) == pytest.approx(categories.get(name, 0.0), abs=1e-2)  # thousandths, 15 of them
    for place, item in enumerate(ITEMS):
        assert by_item.get(place, 0.0) == pytest.approx(items.get(item, 0.0), abs=1e-2)
    assert "unknown" not in by_name


@given(histories, st.integers(0, 15), st.integers(0, 15))
def test_whatever_the_training_saw_and_the_tail_holds_each_act_counts_once(
    rows: list[tuple[str, str, int]], trained: int, before: int
) -> None:
    events = told(rows)
    seen = events[:trained]
    tail = events[max(0, trained - before) :]  # it reaches back into what the training counted, or not
    as_of_ms = seen[-1].occurred_at if seen else CLOCK
    found = lasting(taste_of(acts(*seen), as_of_ms), *tail)
    categories, items = by_loop(events, CLOCK)
    whole = 1 + sum(abs(categories.get(name, 0.0)) for name in ("kitchen", "sport"))
    for code, name in ((KITCHEN, "kitchen"), (SPORT, "sport")):
        assert found.categories[code] == pytest.approx(categories.get(name, 0.0) / whole, abs=1e-2)
    affinity = liking(found)
    for place, item in enumerate(ITEMS):
        left = items.get(item, 0.0)
        assert affinity.get(place, 0.0) == pytest.approx(left / (1 + abs(left)), abs=1e-2)
    assert found.newer == sum(1 for one in events[trained:] if strength(one))


def test_an_act_that_came_behind_the_newest_counted_waits_for_the_next_training() -> None:
    trained = taste_of(acts(event("view", "mug", 1_000)), CLOCK)
    found = lasting(trained, event("cart", "mug", 1_000, event_id="same moment"), event("view", "bat", 500))
    assert found.newer == 1
    assert liking(found) == {0: 0.5, 3: 0.5}


def test_without_a_training_the_tail_alone_is_the_taste() -> None:
    found = lasting(None, event("view", "mug", 0), event("cart", "pan", 0), event("hide", "bat", 0))
    # kitchen 1 + 3, sport −3: 4/8, −3/8; items 1/2, 3/4, −3/4
    assert found.categories.tolist() == [0.0, 0.5, -0.375]
    assert liking(found) == {0: 0.5, 1: 0.75, 3: -0.75}


def test_a_taste_fades_from_its_training_to_the_request() -> None:
    trained = taste_of(acts(event("cart", "mug", 42 * DAY_MS)), CLOCK - 21 * DAY_MS)
    assert trained.item_strength.tolist() == [1.5]
    assert liking(lasting(trained)) == {0: 0.75 / 1.75}


def test_a_category_that_the_catalogue_no_longer_has_says_nothing() -> None:
    gone = replace(taste_of(acts(event("cart", "mug")), CLOCK), categories=("closed",))
    assert lasting(gone).categories.tolist() == [0.0, 0.0, 0.0]


@given(st.sampled_from(UP), st.sampled_from(DOWN), histories, st.sampled_from(("mug", "bat")))
def test_an_act_of_liking_moves_category_and_item_up_and_one_of_refusing_moves_them_back(
    up: str, down: str, rows: list[tuple[str, str, int]], item: str
) -> None:
    trained = taste_of(acts(*told([row for row in rows if row[2] > DAY_MS])), CLOCK - DAY_MS)
    meta, place = METAS[item], ITEMS.index(item)
    assert meta is not None
    code = SMALL.catalogue.category_code[meta.category or ""]
    liked = event(up, item, 2, value_milli=20_000_000)

    def of(*tail: Event) -> tuple[float, float]:
        found = lasting(trained, *tail)
        by_item = liking(found)
        return float(found.categories[code]), by_item.get(place, 0.0)

    before, after, back = of(), of(liked), of(event(down, item, 1), liked)
    assert before[0] < after[0] > back[0]
    assert before[1] < after[1] > back[1]


def test_what_was_hidden_weeks_ago_stands_below_its_equal() -> None:
    like_twins = snapshots({"x": METAS["mug"], "y": METAS["mug"]})
    hidden = replace(taste_of(acts(event("hide", "pot", 20 * DAY_MS)), CLOCK), items=np.array([6], dtype=np.uint32))
    asked = inputs(limit=8, batch=replace(batch([]), taste=hidden))
    answer = recommend(asked, like_twins, Policy(exploration_rate=0.0, category_cap=0))
    assert answer.items.index("y") < answer.items.index("x")  # by id alone x would come first
