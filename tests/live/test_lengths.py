from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from headrace.live.lengths import TailLengths
from tests.stores.events import view


def test_a_tail_is_too_long_with_one_event_more_than_the_longest_and_then_as_long_as_a_trimmed_one() -> None:
    lengths = TailLengths(capacity=10, longest=4, kept=2)
    events = [view("u:1", f"e{n}", n) for n in range(10)]
    assert lengths.grown(events[:4]) == []
    assert lengths.grown(events[4:5]) == ["u:1"]
    assert lengths.grown(events[5:7]) == []  # 2 were kept, and these are 4
    assert lengths.grown(events[7:8]) == ["u:1"]


def test_a_batch_that_is_longer_still_says_each_person_once() -> None:
    events = [view(person, f"e{n}", n) for n in range(9) for person in ("u:2", "u:1", "u:3")][:-1]
    assert TailLengths(capacity=10, longest=8, kept=2).grown(events) == ["u:2", "u:1"]


def test_those_who_acted_last_are_counted_and_who_is_forgotten_begins_anew() -> None:
    lengths = TailLengths(capacity=2, longest=2, kept=1)
    lengths.grown([view("u:1", "a", 1), view("u:1", "b", 2), view("u:2", "a", 3), view("u:2", "b", 4)])
    lengths.grown([view("u:1", "c", 5)])  # too long, so 1 now, and the last to act
    lengths.grown([view("u:3", "a", 6)])  # u:2 is forgotten
    assert lengths.grown([view("u:2", "c", 7), view("u:3", "b", 8)]) == []
    assert lengths.grown([view("u:3", "c", 9)]) == ["u:3"]


@given(batches=st.lists(st.lists(st.sampled_from(["u:1", "u:2", "u:3"]), max_size=12), max_size=12))
def test_with_room_for_all_no_tail_that_is_trimmed_when_said_ever_has_more_than_the_longest(
    batches: list[list[str]],
) -> None:
    lengths, rows = TailLengths(capacity=3, longest=6, kept=3), Counter[str]()
    for people in batches:
        rows.update(people)
        said = lengths.grown([view(person, "a", 1) for person in people])
        assert set(said) == {person for person, events in rows.items() if events > 6}
        rows.update(dict.fromkeys(said, 0))
        for person in said:
            rows[person] = 3
