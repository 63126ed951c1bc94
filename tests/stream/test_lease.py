"""One writer at a time, a restart that goes on at once, and a checkpoint that cannot be swapped unseen."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

import pytest

from headrace.errors import CheckpointLost, LeaseHeld
from headrace.stores.blocking import run
from headrace.stores.memory import MemoryStores
from headrace.stores.ports import Lease
from headrace.stream import lease
from headrace.stream.lease import TTL_MS, hold_lease

NOW_MS = 1_700_000_000_000

HOLD_UNTIL_KILLED = """
import sys, time
from pathlib import Path
from headrace.stores.memory import MemoryStores
from headrace.stream.lease import hold_lease
with hold_lease(MemoryStores().leases, Path(sys.argv[1]), "ingest", "c1", lambda: 0):
    print("held", flush=True)
    time.sleep(60)
"""


def clock() -> int:
    return NOW_MS


def held_elsewhere(leases_owner: str, expires_ms: int) -> MemoryStores:
    stores = MemoryStores()
    run(stores.leases.acquire(Lease("ingest", leases_owner, "c1", expires_ms), NOW_MS))
    return stores


def test_a_second_holder_of_this_machine_is_refused_while_the_first_lives(tmp_path: Path) -> None:
    stores = MemoryStores()
    with (
        hold_lease(stores.leases, tmp_path, "ingest", "c1", clock),
        pytest.raises(LeaseHeld, match="another process of this machine"),
        hold_lease(stores.leases, tmp_path, "ingest", "c1", clock),
    ):
        pass


def test_after_a_clean_end_the_next_one_starts_at_once(tmp_path: Path) -> None:
    stores = MemoryStores()
    for _ in range(2):
        with hold_lease(stores.leases, tmp_path, "ingest", "c1", clock) as held:
            held.check()


def test_after_kill_9_the_next_one_starts_at_once(tmp_path: Path) -> None:
    first = subprocess.Popen([sys.executable, "-c", HOLD_UNTIL_KILLED, tmp_path], stdout=subprocess.PIPE, text=True)
    assert first.stdout is not None
    with first, first.stdout:
        assert first.stdout.readline() == "held\n"
        stores = MemoryStores()
        with pytest.raises(LeaseHeld), hold_lease(stores.leases, tmp_path, "ingest", "c1", clock):
            pass
        first.kill()
        first.wait()
    with hold_lease(stores.leases, tmp_path, "ingest", "c1", clock) as held:
        held.check()


def test_another_machine_is_waited_for_until_its_lease_has_expired(tmp_path: Path) -> None:
    still_valid = held_elsewhere("other:/var", NOW_MS + 1)
    with pytest.raises(LeaseHeld, match="other:/var"), hold_lease(still_valid.leases, tmp_path, "ingest", "c1", clock):
        pass
    expired = held_elsewhere("other:/var", NOW_MS)
    with hold_lease(expired.leases, tmp_path, "ingest", "c1", clock) as held:
        held.check()


def test_another_checkpoint_than_the_remembered_one_is_refused_until_forgotten(tmp_path: Path) -> None:
    stores = MemoryStores()
    with hold_lease(stores.leases, tmp_path, "ingest", "c1", clock):
        pass
    with pytest.raises(CheckpointLost, match="c1"), hold_lease(stores.leases, tmp_path, "ingest", "c2", clock):
        pass
    run(stores.leases.forget("ingest"))
    with hold_lease(stores.leases, tmp_path, "ingest", "c2", clock) as held:
        held.check()


def test_a_lease_that_another_machine_took_over_is_noticed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lease, "RENEW_EVERY_S", 0.01)
    stores = MemoryStores()
    with hold_lease(stores.leases, tmp_path, "ingest", "c1", clock) as held:
        after = NOW_MS + TTL_MS
        run(stores.leases.acquire(Lease("ingest", "other:/var", "c1", after + TTL_MS), after))
        with pytest.raises(LeaseHeld, match="other:/var"):
            _check_until_lost(held)


def test_a_store_that_is_away_does_not_end_the_lease(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lease, "RENEW_EVERY_S", 0.01)
    stores = MemoryStores()
    with hold_lease(stores.leases, tmp_path, "ingest", "c1", clock) as held:
        stores.switch.down = True
        time.sleep(0.1)
        held.check()
        stores.switch.down = False


def test_on_a_shared_checkpoint_a_lease_that_nobody_renewed_is_lost_when_it_expires(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lease, "RENEW_EVERY_S", 0.01)
    for shared in (True, False):
        stores, now = MemoryStores(), [NOW_MS]
        with hold_lease(stores.leases, tmp_path, "ingest", "c1", lambda now=now: now[0], shared) as held:
            stores.switch.down = True
            time.sleep(0.1)  # a renewal under way when the switch turned is over
            now[0] += TTL_MS - 1
            held.check()
            now[0] += 1
            if shared:
                with pytest.raises(LeaseHeld, match="could not be renewed for 15 s"):
                    held.check()
            else:
                held.check()  # the file lock keeps this machine's others out, and there are no others
            stores.switch.down = False


def test_whatever_ends_the_renewal_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lease, "RENEW_EVERY_S", 0.01)
    asked = iter([NOW_MS])

    def clock_that_stops() -> int:
        return next(asked)

    with (
        hold_lease(MemoryStores().leases, tmp_path, "ingest", "c1", clock_that_stops) as held,
        pytest.raises(StopIteration),
    ):
        _check_until_lost(held)


def _check_until_lost(held: lease.HeldLease) -> None:
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        held.check()
        time.sleep(0.01)
