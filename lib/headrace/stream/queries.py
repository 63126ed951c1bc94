"""Which queries the ledger and features programs run, what each needs, and the watch over them until they stop."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import partial
from typing import Final

from pyspark.sql import SparkSession
from pyspark.sql.streaming.query import StreamingQuery

from headrace.errors import BadInput, PartFailed
from headrace.ready import announce_ready
from headrace.settings import Settings
from headrace.stream.archive import ARCHIVED, start_archive
from headrace.stream.attend import STARTING
from headrace.stream.checkpoint import done_watermark_ms
from headrace.stream.evolution import refused_state
from headrace.stream.finals import SESSION_ROWS, SESSIONS, WINDOWS, start_session_rows, start_sessions, start_windows
from headrace.stream.lease import HeldLease, hold_checkpoint
from headrace.stream.ledger import LEDGER, start_ledger
from headrace.stream.progress import Figure, figures, write_progress
from headrace.stream.settled import APPENDING
from headrace.stream.tables import create_tables

Start = Callable[[SparkSession, Settings], StreamingQuery]

GROUPS: Final[Mapping[str, Mapping[str, Start]]] = {
    "ledger": {LEDGER: start_ledger},
    "finals": {WINDOWS: start_windows, SESSIONS: start_sessions, SESSION_ROWS: start_session_rows},
    "archive": {name: partial(start_archive, query=name) for name in ARCHIVED},
}
"""Group → its queries by the name of their checkpoint, in the order in which they start: the freshest first."""

TABLES_OF: Final[Mapping[str, tuple[str, ...]]] = {
    "ledger": ("events",),
    "finals": ("events", "user_windows", "sessions"),
    "archive": ("rejected", "decisions", "catalogue", "users"),
}
"""Group → the tables that must exist before it starts."""

OF_FEATURES: Final = ("finals", "archive")
"""The groups that share a program. The ledger has its own: minutes of windows and sessions left it no processor."""

_LOOK_S: Final = 1.0


@dataclass(frozen=True, slots=True)
class RunningQuery:
    """A query and the lease on its checkpoint. `closed_ms`: of one that appends what its watermark closes, up to when
    that was done as it began."""

    query: StreamingQuery
    lease: HeldLease
    writer: str
    world: str
    closed_ms: int | None

    def refuse_dead(self) -> None:
        """Raises PartFailed, naming query and cause, if it is not running; LeaseHeld or CheckpointLost if not ours."""
        self.lease.check()
        if not self.query.isActive:
            refused = refused_state(self.writer, str(self.query.exception()), self.world)
            raise PartFailed(refused or f"query {self.query.name} died: {_cause(self.query)}")


def chosen_groups(text: str) -> tuple[str, ...]:
    """Groups of features from their names with commas between. Raises BadInput, naming the one that is none."""
    groups = tuple(text.split(","))
    for group in groups:
        if group not in OF_FEATURES:
            raise BadInput(f"--queries: {group!r} is none of {', '.join(OF_FEATURES)}")
    return groups


def run_queries(
    spark: SparkSession, settings: Settings, part: str, groups: Sequence[str], stopping: threading.Event
) -> None:
    """Run these groups as program `part` until `stopping` is set. Raises as `RunningQuery.refuse_dead`."""
    # Small files, above all Delta's log at each commit: one task, not one a slot.
    spark.conf.set("spark.sql.files.minPartitionNum", 1)
    with running_queries(spark, settings, groups) as running:
        wait_until_running(running, stopping)
        announce_ready(settings, part)
        watch_until(stopping, settings, part, running)


@contextmanager
def running_queries(spark: SparkSession, settings: Settings, groups: Sequence[str]) -> Iterator[list[RunningQuery]]:
    """Start every query of `groups` under a lease of its own; stop them all and give the leases back in the end.

    Each group has a scheduler pool of its own: no long batch holds up another.
    """
    with ExitStack() as stack:
        for group in groups:
            create_tables(spark, {name: settings.table(name) for name in TABLES_OF[group]})
        # All that is asked before the first query begins its work: after it, each answer waits for a processor.
        names = [name for group in groups for name in GROUPS[group]]
        leases = {name: stack.enter_context(hold_checkpoint(spark, settings, name)) for name in names}
        closed_ms = {name: done_watermark_ms(spark, settings.checkpoint(name)) for name in names if name in APPENDING}
        running = []
        for group in groups:
            spark.sparkContext.setLocalProperty("spark.scheduler.pool", group)
            for name, start in GROUPS[group].items():
                query = start(spark, settings)
                stack.callback(query.stop)
                running.append(RunningQuery(query, leases[name], name, settings.world.name, closed_ms.get(name)))
        yield running


def wait_until_running(running: Sequence[RunningQuery], stopping: threading.Event) -> None:
    """Return when every query has found its sources, or when `stopping` is set. Raises as `refuse_dead`."""
    while any(each.query.status["message"] in STARTING for each in running) and not stopping.wait(0.1):
        _refuse_any_dead(running)
    _refuse_any_dead(running)


def watch_until(stopping: threading.Event, settings: Settings, part: str, running: Sequence[RunningQuery]) -> None:
    """Report their progress every second until `stopping` is set. Raises as `refuse_dead`."""
    while not stopping.wait(_LOOK_S):
        _refuse_any_dead(running)
        said = {each.query.name: progress_of(each.query, each.closed_ms) for each in running}
        write_progress(settings, part, said)


def progress_of(query: StreamingQuery, closed_ms: int | None) -> dict[str, Figure]:
    """What it says of its newest batch, and whether there is another one to come.

    It begins with a batch only where something is new: until then what it had closed is what its checkpoint said,
    `closed_ms`.
    """
    closed: dict[str, Figure] = {} if closed_ms is None else {"watermark_ms": closed_ms}
    status = query.status
    is_idle = not (status["isDataAvailable"] or status["isTriggerActive"])
    return {**closed, **figures(query.lastProgress), "idle": is_idle}


def _refuse_any_dead(running: Sequence[RunningQuery]) -> None:
    for each in running:
        each.refuse_dead()


def _cause(query: StreamingQuery) -> str:
    error = query.exception()
    lines = [line.strip() for line in str(error).splitlines() if line.strip()] if error else ["it was stopped"]
    deepest = [line for line in lines if line.startswith(("Caused by:", "headrace.errors."))]
    return deepest[-1] if deepest else lines[0]
