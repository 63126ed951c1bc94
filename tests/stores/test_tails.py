from dataclasses import replace

from headrace.domain.events import Person
from headrace.stores.ports import Stores
from tests.stores.conftest import Run, a_name
from tests.stores.events import EVERY_FIELD, view


def test_a_person_never_seen_has_no_tail(stores: Stores, run: Run) -> None:
    assert run(stores.tails.newest(Person(a_name()), 10)) == ()


def test_the_newest_events_come_first_and_no_more_than_asked_for(stores: Stores, run: Run) -> None:
    person = a_name()
    first, second, third = view(person, "c", 1), view(person, "a", 2), view(person, "b", 3)
    run(stores.tails.append([second, third, first]))
    assert run(stores.tails.newest(Person(person), 10)) == (third, second, first)
    assert run(stores.tails.newest(Person(person), 2)) == (third, second)


def test_events_of_one_moment_come_by_id_descending(stores: Stores, run: Run) -> None:
    person = a_name()
    a, b = view(person, "a", 5), view(person, "b", 5)
    run(stores.tails.append([b, a]))
    assert run(stores.tails.newest(Person(person), 10)) == (b, a)


def test_the_same_event_twice_changes_nothing(stores: Stores, run: Run) -> None:
    person = a_name()
    event = view(person, "a", 5)
    run(stores.tails.append([event, event]))
    run(stores.tails.append([event]))
    assert run(stores.tails.newest(Person(person), 10)) == (event,)


def test_one_id_at_two_moments_is_two_events(stores: Stores, run: Run) -> None:
    person = a_name()
    early, later = view(person, "a", 5), view(person, "a", 6)
    run(stores.tails.append([early, later]))
    assert run(stores.tails.newest(Person(person), 10)) == (later, early)


def test_every_field_comes_back_as_it_went_in(stores: Stores, run: Run) -> None:
    event = replace(EVERY_FIELD, person=Person(a_name()))
    run(stores.tails.append([event]))
    assert run(stores.tails.newest(event.person, 1)) == (event,)


def test_a_tail_holds_one_persons_events_only(stores: Stores, run: Run) -> None:
    mine, yours = view(a_name(), "a", 5), view(a_name(), "a", 5)
    run(stores.tails.append([mine, yours]))
    assert run(stores.tails.newest(mine.person, 10)) == (mine,)


def test_more_events_at_once_than_are_written_at_a_time(stores: Stores, run: Run) -> None:
    person = a_name()
    events = [view(person, f"e{ms:04d}", ms) for ms in range(500)]
    run(stores.tails.append(events))
    assert run(stores.tails.newest(Person(person), 1_000)) == tuple(reversed(events))


def test_nothing_to_append_is_fine(stores: Stores, run: Run) -> None:
    run(stores.tails.append([]))


def test_a_trimmed_tail_has_its_newest_events_and_nobody_elses_changes(stores: Stores, run: Run) -> None:
    mine, yours = a_name(), a_name()
    # By moment, then id: a of 1, b and c of 2, d of 3. The newest three are d, c and b.
    events = [view(mine, event_id, ms) for event_id, ms in (("a", 1), ("b", 2), ("c", 2), ("d", 3))]
    run(stores.tails.append([*events, view(yours, "a", 1)]))
    run(stores.tails.trim(Person(mine), 3))
    assert run(stores.tails.newest(Person(mine), 10)) == (events[3], events[2], events[1])
    run(stores.tails.trim(Person(mine), 2))  # b goes, of the same moment as c
    run(stores.tails.trim(Person(mine), 2))
    assert run(stores.tails.newest(Person(mine), 10)) == (events[3], events[2])
    assert run(stores.tails.newest(Person(yours), 10)) == (view(yours, "a", 1),)


def test_a_tail_with_no_more_than_is_kept_stays_as_it_is(stores: Stores, run: Run) -> None:
    person = a_name()
    events = (view(person, "b", 2), view(person, "a", 1))
    run(stores.tails.append(events))
    for keep in (2, 3):
        run(stores.tails.trim(Person(person), keep))
    assert run(stores.tails.newest(Person(person), 10)) == events
    run(stores.tails.trim(Person(a_name()), 2))  # never seen


def test_what_was_trimmed_and_comes_again_goes_with_the_next_trim_and_new_events_come_in(
    stores: Stores, run: Run
) -> None:
    person = a_name()
    old, middle, new = (view(person, event_id, ms) for event_id, ms in (("a", 1), ("b", 2), ("c", 3)))
    run(stores.tails.append([old, middle]))
    run(stores.tails.trim(Person(person), 1))
    run(stores.tails.append([old, new]))
    assert run(stores.tails.newest(Person(person), 10)) == (new, middle, old)
    run(stores.tails.trim(Person(person), 1))
    assert run(stores.tails.newest(Person(person), 10)) == (new,)
