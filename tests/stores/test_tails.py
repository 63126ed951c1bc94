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
