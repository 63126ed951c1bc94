"""What events say of single items."""

import random

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from headrace.domain.events import KINDS, SESSION_GAP_MS
from headrace.domain.marks import Marks, marked, marks_of
from headrace.domain.policy import Policy
from headrace.domain.recommend import known_of
from headrace.domain.signals import no_signals, unwanted_items
from tests.domain.small import ITEMS, event, inputs, snapshots

SMALL = snapshots()


def marks(*tail) -> Marks:
    return known_of(inputs(tail), SMALL, Policy()).marks


def of(item: str, found: Marks) -> tuple[int, bool, bool]:
    seen, skipped, unwanted = marked(found, np.array([ITEMS.index(item)]))
    return int(seen[0]), bool(skipped[0]), bool(unwanted[0])


def test_what_the_live_session_says_counts_and_what_was_before_it_does_not() -> None:
    found = marks(
        event("view", "mug", 2),
        event("skip", "mug", 1),
        event("view", "pan", 0),
        event("skip", "pot", SESSION_GAP_MS + 3),
        event("view", "no such item", 0),
    )
    assert found.items.tolist() == [0, 1, 2]
    assert (of("mug", found), of("pan", found), of("pot", found), of("bat", found)) == (
        (2, True, False),
        (1, False, False),
        (0, False, False),
        (0, False, False),
    )


def test_the_last_word_on_an_item_stands_whatever_session_it_is_of() -> None:
    found = marks(
        event("hide", "mug", SESSION_GAP_MS + 9),
        event("like", "pan", 1),
        event("dislike", "pan", 2),
        event("hide", "pot", 3),
        event("view", "pot", 2),
    )
    assert [of(item, found)[2] for item in ("mug", "pan", "pot")] == [True, False, True]


def test_nobody_has_marks_of_nothing() -> None:
    assert [len(column) for column in marks_of(no_signals())] == [0, 0, 0, 0]


@given(st.lists(st.tuples(st.sampled_from(KINDS), st.sampled_from((*ITEMS, None)), st.integers(0, 3)), max_size=20))
def test_they_are_what_a_plain_loop_finds(rows) -> None:
    tail = [event(kind, item, ago_ms * SESSION_GAP_MS // 2) for kind, item, ago_ms in rows]
    random.Random(len(rows)).shuffle(tail)
    known = known_of(inputs(tail), SMALL, Policy())
    session = known.session.events
    for item in ITEMS:
        on_it = [one for one in session if one.item_id == item]
        assert of(item, known.marks) == (
            len(on_it),
            any(one.kind == "skip" for one in on_it),
            item in unwanted_items(sorted({one.key: one for one in tail}.values(), key=_newest, reverse=True)),
        )


def _newest(one) -> tuple[int, str]:
    return one.occurred_at, one.event_id
