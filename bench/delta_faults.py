"""Faults around a Delta commit, whose sink has no code of ours, and the runs that find out. One run is one seed."""

from __future__ import annotations

import time
from random import Random
from typing import Final

from tests.stream.logs import START

from bench.judge import archive_verdict, events_verdict, table_verdict
from bench.rollback import undo_newest_batch
from bench.tally import OURS, TUTORIAL, Outcome
from bench.tutorial_append import APPENDS, TABLE, appends_life
from bench.warm import Warm, closing_of, cut_short, features_life
from headrace.settings import Settings
from headrace.stores.kafka import Outgoing
from headrace.stream.finals import SESSIONS, WINDOWS
from headrace.stream.ledger import LEDGER

DELTA_FAULTS: Final = ("stopped", "before_commit", "after_commit")
DELTA_WRITERS: Final = {"ledger": LEDGER, "windows": WINDOWS, "sessions": SESSIONS}
ARCHIVES: Final = {"rejected": "rejected-v1", "decisions": "decisions-v1"}
TABLES: Final = {LEDGER: "events", WINDOWS: "user_windows", SESSIONS: "sessions"}


def delta_run(warm: Warm, fault: str, seed: int, peer: bool) -> list[Outcome]:
    """A query with Delta's sink, cut short anywhere, or put back to just before or just after its newest commit."""
    rng = Random(f"{fault}:{seed}")
    name, _, how = fault.partition(".")
    writer = DELTA_WRITERS[name]
    writers = (LEDGER,) if writer == LEDGER else (LEDGER, writer)
    log = warm.log(seed)
    # Most of it, so that windows have closed by then; the rest comes with the second life.
    cut = rng.randint(len(log) * 2 // 3, len(log) * 5 // 6)
    rest = [*log[cut:], closing_of(log)]
    warm.send(log[:cut], garbage=3)
    settings = warm.with_batches_of(rng.randint(20, 80))
    fail_at_delta(warm, settings, writers, TABLES[writer], how, rng)
    warm.send(rest)
    began = time.monotonic()
    features_life(warm, warm.with_batches_of(rng.randint(20, 120)), writers)
    recover_s = time.monotonic() - began
    outcomes = [Outcome(fault, seed, OURS, table_verdict(warm.settings, writer, log), recover_s)]
    if peer and writer == LEDGER:
        again = warm.log(seed)
        warm.send(again)
        if how == "stopped":
            appends_life(warm, settings, rng.uniform(0.3, 3.0))
        else:
            appends_life(warm, settings)
            undo_newest_batch(warm.spark, settings, APPENDS, TABLE, how == "before_commit")
        began = time.monotonic()
        appends_life(warm, settings)
        verdict = events_verdict(warm.settings, TABLE, again)
        outcomes.append(Outcome(fault, seed, TUTORIAL, verdict, time.monotonic() - began))
    return outcomes


def fail_at_delta(warm: Warm, settings: Settings, writers: tuple[str, ...], table: str, how: str, rng: Random) -> None:
    """A life of these writers that ends, one of DELTA_FAULTS, where the last of them appends to `table`."""
    if how == "stopped":
        cut_short(warm, settings, writers, rng.uniform(0.3, 3.0))
    else:
        features_life(warm, settings, writers)
        undo_newest_batch(warm.spark, settings, writers[-1], table, how == "before_commit")


def archive_run(warm: Warm, fault: str, seed: int, peer: bool) -> list[Outcome]:
    """Rejected records or decisions on their way from their topic to Delta."""
    del peer  # its append has been measured with the ledger's
    rng = Random(f"{fault}:{seed}")
    table, _, how = fault.partition(".")
    settings, writers = warm.with_batches_of(rng.randint(20, 80)), (ARCHIVES[table],)
    warm.runs += 1
    make = rejected_record if table == "rejected" else decision_record
    records = [make(warm.settings, warm.runs, number) for number in range(rng.randint(100, 250))]
    cut = rng.randint(20, len(records) - 20)
    warm.send_records(records[:cut])
    fail_at_delta(warm, settings, writers, table, how, rng)
    warm.send_records(records[cut:])
    began = time.monotonic()
    features_life(warm, settings, writers)
    recover_s = time.monotonic() - began
    return [Outcome(fault, seed, OURS, archive_verdict(warm.settings, table, records), recover_s)]


def rejected_record(settings: Settings, run: int, number: int) -> Outgoing:
    """What ingest writes of a raw record that is no event."""
    src, raw = f"1:{number % 2}:{run * 100_000 + number}".encode(), f"not JSON {number}".encode()
    headers = (("src", src), ("src_ms", str(START + number).encode()), ("reason", b"not_json"), ("detail", b"value"))
    return Outgoing(settings.topic("events.rejected"), src, raw, headers)


def decision_record(settings: Settings, run: int, number: int) -> Outgoing:
    """A record of the decisions topic, as far as its way to the table goes."""
    return Outgoing(settings.topic("decisions"), f"d{run}-{number}".encode(), f"decided {number}".encode())
