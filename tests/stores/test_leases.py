import asyncio

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from headrace.errors import CheckpointLost, LeaseHeld
from headrace.stores.ports import Lease, Stores
from tests.stores.conftest import Run, a_name


def test_a_new_lease_is_its_own_predecessor(stores: Stores, run: Run) -> None:
    lease = Lease(a_name(), "driver 1", "checkpoint 1", expires_ms=1_000)
    assert run(stores.leases.acquire(lease, now_ms=0)) == lease


def test_its_owner_renews_it_before_and_after_it_expired(stores: Stores, run: Run) -> None:
    writer = a_name()
    first, second, third = (Lease(writer, "driver 1", "checkpoint 1", expires) for expires in (1_000, 2_000, 9_000))
    run(stores.leases.acquire(first, now_ms=0))
    assert run(stores.leases.acquire(second, now_ms=500)) == first
    assert run(stores.leases.acquire(third, now_ms=5_000)) == second


def test_another_owner_waits_until_it_expired(stores: Stores, run: Run) -> None:
    writer = a_name()
    mine = Lease(writer, "driver 1", "checkpoint 1", expires_ms=1_000)
    yours = Lease(writer, "driver 2", "checkpoint 1", expires_ms=2_000)
    run(stores.leases.acquire(mine, now_ms=0))
    with pytest.raises(LeaseHeld, match="driver 1"):
        run(stores.leases.acquire(yours, now_ms=999))
    assert run(stores.leases.acquire(yours, now_ms=1_000)) == mine
    with pytest.raises(LeaseHeld, match="driver 2"):
        run(stores.leases.acquire(mine, now_ms=1_500))


def test_another_checkpoint_is_refused_and_changes_nothing(stores: Stores, run: Run) -> None:
    writer = a_name()
    mine = Lease(writer, "driver 1", "checkpoint 1", expires_ms=1_000)
    run(stores.leases.acquire(mine, now_ms=0))
    fresh = Lease(writer, "driver 1", "checkpoint 2", expires_ms=9_000)
    for _ in range(2):
        with pytest.raises(CheckpointLost, match="checkpoint 1"):
            run(stores.leases.acquire(fresh, now_ms=5_000))
    assert run(stores.leases.acquire(mine, now_ms=5_000)) == mine


def test_a_released_lease_is_free_at_once_but_remembers_its_checkpoint(stores: Stores, run: Run) -> None:
    writer = a_name()
    run(stores.leases.acquire(Lease(writer, "driver 1", "checkpoint 1", expires_ms=1_000), now_ms=0))
    run(stores.leases.release(writer, "driver 1"))
    with pytest.raises(CheckpointLost):
        run(stores.leases.acquire(Lease(writer, "driver 2", "checkpoint 2", expires_ms=2_000), now_ms=1))
    before = run(stores.leases.acquire(Lease(writer, "driver 2", "checkpoint 1", expires_ms=2_000), now_ms=1))
    assert before.checkpoint_id == "checkpoint 1"


def test_only_its_owner_can_release_it(stores: Stores, run: Run) -> None:
    writer = a_name()
    run(stores.leases.acquire(Lease(writer, "driver 1", "checkpoint 1", expires_ms=1_000), now_ms=0))
    run(stores.leases.release(writer, "driver 2"))
    run(stores.leases.release(a_name(), "driver 1"))
    with pytest.raises(LeaseHeld):
        run(stores.leases.acquire(Lease(writer, "driver 2", "checkpoint 1", expires_ms=2_000), now_ms=1))


def test_a_forgotten_lease_takes_another_checkpoint(stores: Stores, run: Run) -> None:
    writer = a_name()
    run(stores.leases.acquire(Lease(writer, "driver 1", "checkpoint 1", expires_ms=1_000), now_ms=0))
    run(stores.leases.forget(writer))
    lease = Lease(writer, "driver 2", "checkpoint 2", expires_ms=2_000)
    assert run(stores.leases.acquire(lease, now_ms=1)) == lease
    run(stores.leases.forget(a_name()))


def test_one_of_two_who_take_it_at_the_same_time_gets_it(stores: Stores, run: Run) -> None:
    writer = a_name()
    leases = [Lease(writer, f"driver {n}", "checkpoint 1", expires_ms=1_000) for n in (1, 2)]

    async def take_both() -> list[Lease | BaseException]:
        return list(
            await asyncio.gather(*(stores.leases.acquire(one, now_ms=0) for one in leases), return_exceptions=True)
        )

    outcomes = run(take_both())
    assert sorted(type(outcome).__name__ for outcome in outcomes) == ["Lease", "LeaseHeld"]


@settings(max_examples=20, deadline=None)
@given(nows=st.lists(st.integers(1, 1_800_000_000_000_000), min_size=1, max_size=6))
def test_write_timestamps_only_grow_and_follow_the_clock(stores: Stores, run: Run, nows: list[int]) -> None:
    writer, last = a_name(), 0
    for now_us in nows:
        following = run(stores.leases.next_write_us(writer, now_us))
        assert following == max(last + 1, now_us)
        last = following


def test_a_forgotten_lease_does_not_set_the_write_clock_back(stores: Stores, run: Run) -> None:
    writer = a_name()
    assert run(stores.leases.next_write_us(writer, 1_000)) == 1_000
    run(stores.leases.forget(writer))
    assert run(stores.leases.next_write_us(writer, 5)) == 1_001


def test_timestamps_asked_for_at_the_same_time_differ(stores: Stores, run: Run) -> None:
    writer = a_name()

    async def ask() -> list[int]:
        return list(await asyncio.gather(*(stores.leases.next_write_us(writer, 7) for _ in range(10))))

    assert sorted(run(ask())) == list(range(7, 17))
