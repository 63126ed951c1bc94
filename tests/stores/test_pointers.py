import asyncio

from headrace.stores.ports import Pointer, Stores
from tests.stores.conftest import Run


def test_there_is_no_pointer_before_the_first_publication(empty_stores: Stores, run: Run) -> None:
    assert run(empty_stores.pointers.get()) is None


def test_what_was_served_becomes_previous(empty_stores: Stores, run: Run) -> None:
    assert run(empty_stores.pointers.flip("m1", 10)) == Pointer("m1", None, 10)
    assert run(empty_stores.pointers.flip("m2", 20)) == Pointer("m2", "m1", 20)
    assert run(empty_stores.pointers.get()) == Pointer("m2", "m1", 20)


def test_a_flip_to_the_served_version_changes_nothing(empty_stores: Stores, run: Run) -> None:
    run(empty_stores.pointers.flip("m1", 10))
    run(empty_stores.pointers.flip("m2", 20))
    assert run(empty_stores.pointers.flip("m2", 30)) == Pointer("m2", "m1", 20)
    assert run(empty_stores.pointers.get()) == Pointer("m2", "m1", 20)


def test_a_rollback_is_a_flip_to_previous(empty_stores: Stores, run: Run) -> None:
    run(empty_stores.pointers.flip("m1", 10))
    run(empty_stores.pointers.flip("m2", 20))
    assert run(empty_stores.pointers.flip("m1", 30)) == Pointer("m1", "m2", 30)


def test_flips_at_the_same_time_happen_one_after_the_other(empty_stores: Stores, run: Run) -> None:
    async def flip_both() -> list[Pointer]:
        return list(await asyncio.gather(*(empty_stores.pointers.flip(version, 1) for version in ("m1", "m2"))))

    first, last = sorted(run(flip_both()), key=lambda pointer: pointer.previous or "")
    assert first.previous is None
    assert last.previous == first.version
    assert run(empty_stores.pointers.get()) == last
