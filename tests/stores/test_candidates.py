from headrace.domain.events import Person
from headrace.stores.ports import Stores
from tests.stores.conftest import Run, a_name


def test_a_person_whom_the_version_does_not_know_has_none(stores: Stores, run: Run) -> None:
    person = Person(a_name())
    run(stores.candidates.put("m1", [(person, b"one")]))
    assert run(stores.candidates.get(person, "m2")) is None


def test_versions_stand_side_by_side(stores: Stores, run: Run) -> None:
    person = Person(a_name())
    run(stores.candidates.put("m1", [(person, b"one")]))
    run(stores.candidates.put("m2", [(person, b"two")]))
    assert run(stores.candidates.get(person, "m1")) == b"one"
    assert run(stores.candidates.get(person, "m2")) == b"two"


def test_writing_a_version_again_changes_nothing(stores: Stores, run: Run) -> None:
    people = [Person(a_name()) for _ in range(300)]
    for _ in range(2):
        run(stores.candidates.put("m1", [(person, person.encode()) for person in people]))
    assert [run(stores.candidates.get(person, "m1")) for person in people] == [person.encode() for person in people]
