from headrace.domain.events import Person
from headrace.stores.ports import SessionRow, Stores
from tests.stores.conftest import Run, a_name


def test_a_person_never_seen_has_no_sessions(stores: Stores, run: Run) -> None:
    assert run(stores.sessions.newest(Person(a_name()), 5)) == ()


def test_sessions_come_newest_first_and_no_more_than_asked_for(stores: Stores, run: Run) -> None:
    person = Person(a_name())
    rows = [SessionRow(person, started, f"s{started}", f'{{"n": {started}}}') for started in (1, 3, 2)]
    run(stores.sessions.put(rows, write_us=1))
    assert run(stores.sessions.newest(person, 5)) == (rows[1], rows[2], rows[0])
    assert run(stores.sessions.newest(person, 1)) == (rows[1],)


def test_sessions_of_one_start_are_told_apart_by_id(stores: Stores, run: Run) -> None:
    person = Person(a_name())
    with_id, without = SessionRow(person, 7, "s1", "{}"), SessionRow(person, 7, "", "[]")
    run(stores.sessions.put([with_id, without], write_us=1))
    assert run(stores.sessions.newest(person, 5)) == (without, with_id)


def test_the_greatest_write_us_wins_whatever_the_order_of_sessions(stores: Stores, run: Run) -> None:
    person = Person(a_name())
    run(stores.sessions.put([SessionRow(person, 1, "s", "second")], write_us=2))
    run(stores.sessions.put([SessionRow(person, 1, "s", "first")], write_us=1))
    assert run(stores.sessions.newest(person, 5)) == (SessionRow(person, 1, "s", "second"),)


def test_a_removed_session_is_gone_unless_it_was_written_later(stores: Stores, run: Run) -> None:
    person = Person(a_name())
    rows = [SessionRow(person, started, "s", "{}") for started in (1, 2, 3)]
    run(stores.sessions.put(rows[:2], write_us=5))
    run(stores.sessions.put(rows[2:], write_us=7))
    run(stores.sessions.remove(rows[1:], write_us=6))
    assert run(stores.sessions.newest(person, 5)) == (rows[2], rows[0])
