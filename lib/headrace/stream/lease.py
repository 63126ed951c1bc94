"""One driver per checkpoint: a file lock among this machine's processes, a lease in the store among machines.

The kernel lets go of the lock when its process dies, however it dies, and the lease's owner is the machine and folder,
not the process: so a restart after kill -9 goes on at once, while another machine waits until the lease has expired.
"""

from __future__ import annotations

import fcntl
import logging
import socket
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from pyspark.sql import SparkSession

from headrace.errors import LeaseHeld, StoreUnavailable
from headrace.failpoints import reach
from headrace.settings import Settings
from headrace.stores import blocking
from headrace.stores.blocking import run
from headrace.stores.ports import Lease, Leases
from headrace.stream.checkpoint import checkpoint_id, is_shared, refuse_broken

TTL_MS: Final = 15_000
RENEW_EVERY_S: Final = TTL_MS / 3000  # two renewals may fail before another machine can take over

log = logging.getLogger(__name__)


@dataclass(slots=True)
class HeldLease:
    """What `hold_lease` gives: ask it now and then whether writing is still allowed."""

    _writer: str
    _shared: bool
    _now_ms: Callable[[], int]
    _expires_ms: int
    _lost: Exception | None = None
    _released: threading.Event = field(default_factory=threading.Event)

    def check(self) -> None:
        """Raises LeaseHeld or CheckpointLost once another writer has it, or may have taken it; or what ended renewal.

        Where only this machine sees the checkpoint, its file lock holds and a store that is away for long ends nothing.
        """
        if self._lost is not None:
            raise self._lost
        if self._shared and self._now_ms() >= self._expires_ms:
            raise LeaseHeld(
                f"{self._writer}: its lease could not be renewed for {TTL_MS / 1000:.0f} s,"
                " another machine may have taken it"
            )


@contextmanager
def hold_lease(
    leases: Leases,
    run_dir: Path,
    writer: str,
    checkpoint_id: str,
    now_ms: Callable[[], int],
    shared: bool = False,
) -> Iterator[HeldLease]:
    """Hold the lease of `writer` while the block runs, renewed by a thread, given back after it.

    `run_dir` is a folder of this machine that belongs to the world; `shared`: other machines reach the checkpoint too,
    so a lease that has expired, renewed by nobody, is a lost one. Raises LeaseHeld when another process or machine
    writes, CheckpointLost when the lease remembers another checkpoint, StoreUnavailable when the store cannot say.
    """
    owner = f"{socket.gethostname()}:{run_dir}"

    def acquire() -> int:
        now = now_ms()
        run(leases.acquire(Lease(writer, owner, checkpoint_id, now + TTL_MS), now))
        return now + TTL_MS

    def renew() -> None:
        while not held._released.wait(RENEW_EVERY_S):
            try:
                reach("lease.renew")
                held._expires_ms = acquire()
            except StoreUnavailable as error:  # until it expires nobody else can take it; the next renewal tells
                log.warning("%s: lease not renewed: %s", writer, error)
            except Exception as error:  # noqa: BLE001 - the thread's outermost line; `check` raises it again
                held._lost = error
                return

    with _only_process(run_dir / f"{writer}.lock", writer):
        held = HeldLease(writer, shared, now_ms, acquire())
        renewal = threading.Thread(target=renew, name=f"{writer}-lease", daemon=True)
        renewal.start()
        try:
            yield held
        finally:
            held._released.set()
            renewal.join()
            _give_back(leases, writer, owner)


@contextmanager
def hold_checkpoint(
    spark: SparkSession, settings: Settings, writer: str, query: str | None = None
) -> Iterator[HeldLease]:
    """Hold the lease of `writer` on the checkpoint of `query` (of the same name unless told), in this world.

    Raises as `hold_lease`, and CheckpointLost where a file of the checkpoint is broken.
    """
    leases = blocking.stores(settings.cassandra, settings.keyspace).leases
    folder, run_dir = settings.checkpoint(query or writer), settings.world_dir / "run"
    refuse_broken(spark, folder, writer)
    identity = checkpoint_id(spark, folder, str(uuid.uuid4()))
    with hold_lease(leases, run_dir, writer, identity, lambda: time.time_ns() // 1_000_000, is_shared(folder)) as held:
        yield held


def _give_back(leases: Leases, writer: str, owner: str) -> None:
    try:
        run(leases.release(writer, owner))
    except StoreUnavailable as error:
        log.warning("%s: lease not given back, it will expire: %s", writer, error)


@contextmanager
def _only_process(lock: Path, writer: str) -> Iterator[None]:
    lock.parent.mkdir(parents=True, exist_ok=True)
    with lock.open("a") as held:
        try:
            fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise LeaseHeld(
                f"{writer}: another process of this machine is writing; it holds {lock}: leave the work to it, "
                "or stop it first (`headrace status` shows it, `headrace down` stops a world)"
            ) from error
        yield
