"""The feature catalogue, and one person worked out by hand down to the bit."""

import math
from dataclasses import replace

import numpy as np

from headrace.domain.events import Event
from headrace.domain.facts import facts_of, merge, zero
from headrace.domain.features import COLUMN, FEATURE_SET_ID, FEATURES
from headrace.domain.here import EVER, Here
from headrace.domain.panes import pane_of
from headrace.domain.policy import Policy
from headrace.domain.recommend import known_of, recommend
from headrace.domain.signals import unwanted_items
from headrace.domain.trend_lists import trend_values
from tests.domain.small import ITEMS, batch, event, inputs, orders_from, snapshots

HOUR = 3_600_000


def panes_of(*events: Event):
    panes = {}
    for one in events:
        key = pane_of(one.occurred_at), one.category, one.content_type
        panes[key] = merge(panes.get(key, zero()), facts_of(one, "GBP"))
    return panes


TAIL = (
    event("view", "mug", 0, price_minor=500),
    event("watch", "net", 0, value_milli=120_000_000),
    event("skip", "bat", 0),
    event("purchase", "pan", HOUR, price_minor=2000),
)


def test_the_catalogue_of_features_has_not_changed_unnoticed() -> None:
    # New features, names, defaults or formulas are a new id, and need new models: change this line with LAW_VERSION.
    assert FEATURE_SET_ID == "f2-05af526a48ad"
    assert len(COLUMN) == len(FEATURES) == 19


def test_golden_facts_in_exact_bits_out() -> None:
    found = batch([("pot", "item_to_item", 0.5), ("pan", "own_history", 3.0)])
    asked = inputs(TAIL, limit=6, batch=found, panes=panes_of(*TAIL))
    # In the last hour mug 3 views, bat 7; in the last day pan is clicked twice as often as all items, pot less often.
    trends = trend_values(
        "t-1", (0, 1, 2, 3), (3_000_000, 0, 0, 7_000_000), (0, 80_000, 30_000, 0), 7_000_000, 40_000, ()
    )
    answer = recommend(asked, replace(snapshots(), trends=trends), Policy(exploration_rate=0.0, category_cap=0))
    rows = {ITEMS[place]: answer.features[row] for row, place in enumerate(answer.pool.items.tolist())}

    # Decayed strengths: mug 1, net 2·120/(120+120) = 1, bat −1, pan 5/2 (an hour is one half-life).
    # Fold-in from nothing, factors being axes: YᵀY = diag(2.25, 1.25), four items: λ = 0.4.
    first = (41 + 101) / (2.25 + 40 + 100 + 0.4)  # mug and pan: C−I = 40, 100; p = 1
    second = (41 * 0.5 - 41) / (1.25 + 40 * 0.25 + 40 + 0.4)  # net pulls with 41·0.5, the skipped bat back with 41
    # The live session is mug, net, bat: kitchen 1, sport 1 − 1 = 0 → kitchen 1/2. The hour's panes say the same;
    # the day's: kitchen 1 + 5 = 6, sport 0 → 6/7. The purchase is too old for session and hour.
    kitchen = (0.5, 0.5, 6 / 7)
    none = (0.0, 0.0, 0.0)
    # Without a training the taste is what the tail says, all of it of this day: mug 1, net 1, bat −1, pan 5.
    home = 6 / 7  # kitchen 6, sport 0
    most = math.log1p(40)
    beside = 0.25 + 0.125 * 2.5
    by_hand = {
        # als, item_to_item, own_history, session_neighbours, popularity, recent, seen, categories, price, time,
        # skipped, unwanted, taste_category, taste_refused, here_and_now
        "mug": (first, 0, 0, 0.5 * 2.5, math.log1p(30) / most, 1.0, 1.0, *kitchen, 1.0, 0.0, 0.0, 0.0, home, 0.0, 0.0),
        "pan": (first, 0, 3, 0.5 * 1.0, math.log1p(20) / most, 2.5, 0.0, *kitchen, 0.25, 0.0, 0.0, 0.0, home, 0.0, 0.0),
        "pot": (first / 2, 0.5, 0, beside, math.log1p(10) / most, 0, 0, *kitchen, 0.5, 0.0, 0.0, 0.0, home, 0.0, 0.0),
        "bat": (second, 0, 0, 0.75, 1.0, -1.0, 1.0, *none, 0.125, 0.0, 1.0, 0.0, 0.0, 0.5, 0.0),
        "net": (second / 2, 0, 0, 0.0, 0.0, 1.0, 1.0, *none, 0.0, 1.0, 0.0, 0.0, 0.0, 0.0, 0.0),
        "odd": (0.0, 0, 0, 0.0, 0.0, 0.0, 0.0, *none, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0),
    }
    # trending: log 4 / log 8 and 1; click_through: 1 − 40,000/80,000
    lately = {"mug": (2 / 3, 0.0), "pan": (0.0, 0.5), "bat": (1.0, 0.0)}
    for item, expected in by_hand.items():
        whole = (*expected, *lately.get(item, (0.0, 0.0)))
        assert rows[item].tobytes() == np.array(whole, dtype=np.float32).tobytes(), item


def test_without_any_facts_every_feature_but_popularity_is_its_default() -> None:
    answer = recommend(inputs(limit=6), snapshots(), Policy())
    others = [COLUMN[feature.name] for feature in FEATURES if feature.name != "popularity"]
    assert not answer.features[:, others].any()


def test_an_item_that_nobody_sells_does_not_stop_the_features() -> None:
    known = known_of(inputs([event("view", "never heard of"), event("hide", "neither")]), snapshots(), Policy())
    assert known.preferences.items.tolist() == []
    assert known.unwanted == ("neither",)


def test_the_last_word_on_an_item_decides_whether_it_is_unwanted() -> None:
    newest_first = [
        event("view", "mug", 1),
        event("hide", "mug", 2),
        event("like", "pan", 3),
        event("dislike", "pan", 4),
        event("dislike", "pot", 5),
        event("purchase", "pot", 6),
    ]
    assert unwanted_items(newest_first) == ("mug", "pot")


def test_what_people_order_here_at_this_hour_is_a_feature() -> None:
    # Everywhere mugs are 20 of 100 orders, of the mornings' 50 they are 15: (15 + 5) / (10 + 5) = 4/3, and that is 1/7.
    known = replace(snapshots().model, orders=orders_from({EVER: {0: 20, 1: 80}, (0, 50): {0: 15, 1: 35}}))
    answer = recommend(inputs(limit=6, here=Here(hour=8, weekday=0)), replace(snapshots(), model=known), Policy())
    column = answer.features[:, COLUMN["here_and_now"]]
    found = {ITEMS[place]: value for place, value in zip(answer.pool.items.tolist(), column.tolist(), strict=True)}
    assert (found["mug"], found["pan"]) == (np.float32(1 / 7), np.float32(-1 / 17))
    assert found["pot"] == found["odd"] == 0.0
