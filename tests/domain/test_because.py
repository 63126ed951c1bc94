"""Why: the same answer without one seen item."""

from dataclasses import replace

import numpy as np

from headrace.domain.because import Because, because, reduced, without_item
from headrace.domain.facts import PLACE_OF, facts_of, merge
from headrace.domain.panes import DAY_MS, pane_of
from headrace.domain.policy import Policy
from headrace.domain.recommend import known_of, recommend
from headrace.domain.taste import Acts, taste_of
from tests.domain.small import CLOCK, batch, event, inputs, snapshots

STILL = Policy(exploration_rate=0.0)
SMALL = snapshots()


def test_an_item_is_there_because_of_the_one_without_which_it_falls() -> None:
    asked = inputs([event("view", "mug", 5), event("cart", "net", 0)], limit=6)
    answer = recommend(asked, SMALL, STILL)
    reasons = because(asked, SMALL, STILL, answer)
    place = answer.items.index("net")
    assert reasons["net"].item == "net"
    without = recommend(inputs([event("view", "mug", 5)], limit=6), SMALL, STILL).items
    assert reasons["net"] == Because("net", place, without.index("net"))


def test_what_nobody_saw_explains_nothing() -> None:
    asked = inputs()
    assert because(asked, SMALL, STILL, recommend(asked, SMALL, STILL)) == {}


def test_an_item_that_only_the_seen_one_brought_leaves_the_pool() -> None:
    narrow = Policy(exploration_rate=0.0, candidates=2)
    asked = inputs([event("cart", "net")], limit=2)
    answer = recommend(asked, SMALL, narrow)
    assert "net" in answer.items  # the two most popular are bat and mug
    assert because(asked, SMALL, narrow, answer)["net"] == Because("net", answer.items.index("net"), None)


def test_only_the_newest_seen_items_are_tried() -> None:
    asked = inputs([event("cart", "net", 9), event("impression", "mug", 0)])
    answer = recommend(asked, SMALL, STILL)
    assert because(asked, SMALL, STILL, answer, looked_at=1) == {}


def test_without_an_item_its_events_are_gone_everywhere() -> None:
    view, cart, other = event("view", "mug", 5), event("cart", "mug", 0), event("view", "pan", 0)
    key = pane_of(CLOCK), "kitchen", "product"
    panes = {key: merge(facts_of(view, "GBP"), facts_of(other, "GBP"))}
    less = without_item(inputs([view, other], context=(cart,), panes=panes), "mug", "GBP")
    assert (less.tail, less.context) == ((other,), ())
    assert less.panes[key].tolist() == facts_of(other, "GBP").tolist()


def test_a_pane_is_reduced_by_what_it_holds_and_never_below_nothing() -> None:
    first, second = event("view", "mug", 2, price_minor=5), event("view", "mug", 1, price_minor=7)
    key = pane_of(CLOCK - 1), "kitchen", "product"
    only_first = {key: facts_of(first, "GBP")}
    left = reduced(only_first, [first, second], "GBP")[key]
    assert (left[PLACE_OF["n_view"]], left[PLACE_OF["price_sum"]]) == (0, 0)
    assert only_first[key][PLACE_OF["n_view"]] == 1  # what was read is not touched


def test_a_late_event_was_never_in_a_pane() -> None:
    late = event("view", "mug", 1, late=True)
    key = pane_of(CLOCK - 1), "kitchen", "product"
    panes = {key: facts_of(event("view", "pan", 1), "GBP")}
    assert reduced(panes, [late], "GBP")[key][PLACE_OF["n_view"]] == 1


def test_without_an_item_the_taste_is_what_the_training_and_the_other_events_say() -> None:
    trained = taste_of(Acts(np.array([CLOCK // DAY_MS]), np.array([0]), ("kitchen",), np.array([2_000]), 1), CLOCK)
    known = replace(batch([]), taste=trained)
    asked = inputs([event("cart", "mug", 1), event("view", "bat", 0)], batch=known)
    with_all = known_of(asked, SMALL, STILL).preferences.lasting
    without = known_of(without_item(asked, "mug", "GBP"), SMALL, STILL).preferences.lasting
    # kitchen 2 + 3, sport 1; then 2 and 1: of the mug what the training counted stays, as its candidates do
    assert with_all.categories.tolist() == [0.0, 5 / 7, 1 / 7]
    assert without.categories.tolist() == [0.0, 0.5, 0.25]
    mug_and_bat = np.array([0, 3])
    assert with_all.affinity_to(mug_and_bat).tolist() == [5 / 6, 0.5]
    assert without.affinity_to(mug_and_bat).tolist() == [2 / 3, 0.5]
