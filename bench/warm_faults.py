"""What fails in the warm driver, what must be there afterwards, and the runs that find out. One run is one seed."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from random import Random
from typing import Final

from tests.stream.oracle import Record

from bench.delta_faults import ARCHIVES, DELTA_FAULTS, DELTA_WRITERS, archive_run, delta_run
from bench.judge import (
    counters_verdict,
    live_verdict,
    panes_verdict,
    session_rows_verdict,
    table_verdict,
    trends_verdict,
)
from bench.tally import OURS, TUTORIAL, Outcome
from bench.trends_life import trends_life
from bench.tutorial_append import appends_life, counters_life
from bench.verdict import Verdict
from bench.warm import Warm, closing_of, failed, features_life, hot_life, live_life
from headrace.failpoints import Action, Failpoint, arm
from headrace.stores.kafka import Outgoing
from headrace.stream.finals import SESSION_ROWS, SESSIONS, WINDOWS
from headrace.stream.ledger import LEDGER

ATTEMPTS: Final = 4
AT_ONCE: Final = 100_000

HOT_POINTS: Final = ("hot.before_write", "hot.after_write")
SINK_POINTS: Final = ("sink.before_put", "panes.after_users", "panes.after_items", "sink.after_put")
OURS_ALONE: Final = ("sweep.before", "sweep.after", "lease.renew")
SESSION_POINTS: Final = ("session_rows.before_write", "session_rows.after_write")
LIVE_POINTS: Final = ("live.before_write", "live.after_tails", "live.after_write")
TRENDS_POINTS: Final = ("trends.before_write", "trends.after_write")


@dataclass(frozen=True, slots=True)
class Family:
    """Faults of the same queries. `run` runs one seed of one of them, with the peer or without; `catch_up` reads, in
    large batches, what other families' runs have sent meanwhile."""

    names: tuple[str, ...]
    run: Callable[[Warm, str, int, bool], list[Outcome]]
    catch_up: Callable[[Warm, bool], None]


class NeverReached(AssertionError):
    """The fault did not happen in any attempt: such a run would show nothing."""


def families() -> tuple[Family, ...]:
    """Every fault of the warm driver."""
    delta = tuple(f"{table}.{fault}" for table in DELTA_WRITERS for fault in DELTA_FAULTS)
    archive = tuple(f"{table}.{fault}" for table in ARCHIVES for fault in DELTA_FAULTS)
    return (
        Family((*HOT_POINTS, *SINK_POINTS, *OURS_ALONE), hot_run, _catch_up_hot),
        Family(delta, delta_run, _catch_up_delta),
        Family(archive, archive_run, _catch_up_archive),
        Family(SESSION_POINTS, session_rows_run, _catch_up_delta),
        Family(LIVE_POINTS, live_run, lambda warm, _peer: live_life(warm)),
        Family(TRENDS_POINTS, trends_run, lambda warm, _peer: trends_life(warm, AT_ONCE)),
    )


def _catch_up_hot(warm: Warm, peer: bool) -> None:
    settings = warm.with_batches_of(AT_ONCE)
    hot_life(warm, settings)
    if peer:
        counters_life(warm, settings)


def _catch_up_delta(warm: Warm, peer: bool) -> None:
    settings = warm.with_batches_of(AT_ONCE)
    features_life(warm, settings, (LEDGER, WINDOWS, SESSIONS, SESSION_ROWS))
    if peer:
        appends_life(warm, settings)


def _catch_up_archive(warm: Warm, _peer: bool) -> None:
    features_life(warm, warm.with_batches_of(AT_ONCE), tuple(ARCHIVES.values()))


def hot_run(warm: Warm, fault: str, seed: int, peer: bool) -> list[Outcome]:
    """Ours, then the tutorial way over the same records; what only ours has fails only there."""
    rng = Random(f"{fault}:{seed}")
    log = warm.log(seed)
    warm.send(log, garbage=5)
    sweep_s = 1.0 if fault.startswith("sweep") else 3.0

    def ours(batch: int) -> None:
        hot_life(warm, warm.with_batches_of(batch, sweep_s))

    # Every other seed kills the Python worker of an executor; in the driver, where the tutorial writes, that would kill
    # the bench.
    action: Action = "kill" if fault in SINK_POINTS and seed % 2 else "raise"
    logs, recover_s = _fail_and_recover(warm, fault, seed, rng, ours, log, action=action)
    verdict = sum((panes_verdict(warm.settings, each) for each in logs), Verdict())
    outcomes = [Outcome(fault, seed, OURS, verdict, recover_s)]
    if peer and fault not in OURS_ALONE:

        def theirs(batch: int) -> None:
            counters_life(warm, warm.with_batches_of(batch))

        before = len(logs)
        logs, recover_s = _fail_and_recover(warm, fault, seed, rng, theirs, *logs)
        if len(logs) > before:
            hot_life(warm, warm.with_batches_of(1_000))
        verdict = sum((counters_verdict(warm.settings, each) for each in logs), Verdict())
        outcomes.append(Outcome(fault, seed, TUTORIAL, verdict, recover_s))
    return outcomes


def _fail_and_recover(
    warm: Warm,
    fault: str,
    seed: int,
    rng: Random,
    life: Callable[[int], None],
    *logs: list[Record],
    action: Action = "raise",
) -> tuple[list[list[Record]], float]:
    """A life that fails at the point, and one that goes on after it. The logs that are read by then, and its seconds.

    A life that ends without having reached the point so often sends another log and tries with an earlier hit.
    """
    sent, nth = list(logs), rng.randint(1, 4 if fault.startswith(("sink", "panes")) else 2)
    for attempt in range(ATTEMPTS):
        arm(Failpoint(fault, nth, action, token=warm.runs * ATTEMPTS + attempt))
        try:
            fell = failed(lambda: life(rng.randint(20, 80)))
        finally:
            arm(None)
        if fell:
            began = time.monotonic()
            life(rng.randint(20, 120))
            return sent, time.monotonic() - began
        nth = max(1, nth // 2)
        again = warm.log(seed)
        warm.send(again)
        sent.append(again)
    raise NeverReached(f"{fault}, seed {seed}: not reached in {ATTEMPTS} lives")


def session_rows_run(warm: Warm, fault: str, seed: int, peer: bool) -> list[Outcome]:
    """Finished sessions on their way from Delta to Cassandra."""
    del peer  # its shape is the counters' one, which has been measured
    rng = Random(f"{fault}:{seed}")
    log = warm.log(seed)
    warm.send([*log, closing_of(log)])

    def life(batch: int) -> None:
        features_life(warm, warm.with_batches_of(batch), (LEDGER, SESSIONS, SESSION_ROWS))

    arm(Failpoint(fault, token=warm.runs))
    try:
        fell = failed(lambda: life(rng.randint(20, 80)))
    finally:
        arm(None)
    if not fell:
        raise NeverReached(f"{fault}, seed {seed}")
    began = time.monotonic()
    life(rng.randint(20, 120))
    recover_s = time.monotonic() - began
    verdict = table_verdict(warm.settings, SESSIONS, log) + session_rows_verdict(warm.settings, log)
    return [Outcome(fault, seed, OURS, verdict, recover_s)]


def live_run(warm: Warm, fault: str, seed: int, peer: bool) -> list[Outcome]:
    """The live service between the topic and the tails, with decisions beside the events."""
    del peer  # a consumer that commits before it writes loses; nobody recommends it
    log = warm.log(seed)
    warm.send(log, garbage=5)
    topic = warm.settings.topic("decisions")
    decisions = {f"r{warm.runs}-{n}": f"answer {n}".encode() for n in range(20)}
    warm.send_records([Outgoing(topic, name.encode(), value) for name, value in decisions.items()])
    arm(Failpoint(fault, token=warm.runs))
    try:
        fell = failed(lambda: live_life(warm))
    finally:
        arm(None)
    if not fell:
        raise NeverReached(f"{fault}, seed {seed}")
    began = time.monotonic()
    live_life(warm)
    recover_s = time.monotonic() - began
    return [Outcome(fault, seed, OURS, live_verdict(warm.settings, log, decisions), recover_s)]


def trends_run(warm: Warm, fault: str, seed: int, peer: bool) -> list[Outcome]:
    """The trends program between the topic and its lists, at a random round."""
    del peer  # it has nothing that a tutorial would do another way
    rng = Random(f"{fault}:{seed}")
    log = warm.log(seed)
    warm.send(log, garbage=5)
    arm(Failpoint(fault, rng.randint(1, 2), token=warm.runs))
    try:
        fell = failed(lambda: trends_life(warm, rng.randint(20, 60)))
    finally:
        arm(None)
    if not fell:
        raise NeverReached(f"{fault}, seed {seed}")
    began = time.monotonic()
    trends_life(warm, rng.randint(20, 120))
    recover_s = time.monotonic() - began
    return [Outcome(fault, seed, OURS, trends_verdict(warm.settings, log), recover_s)]
