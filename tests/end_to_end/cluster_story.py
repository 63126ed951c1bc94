"""The story of a cluster that loses a Spark worker and a Cassandra node while events come in: `make cluster`.

Exit code 0 when Delta and Cassandra equal the oracle in the end and every list was answered, 1 when not, 2 when the
machine has too little memory. Everything is stopped, however it ends; the logs stay.
"""

from __future__ import annotations

import argparse
import shutil
import sys
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from headrace.local.checkout import ROOT
from headrace.local.machine import available_memory_mb
from tests.end_to_end.access import accounted, api_of, ledger_rows, send
from tests.end_to_end.asking import Answers, asking
from tests.end_to_end.cluster import MEMORY_MB, Cluster, cluster
from tests.end_to_end.found import Compared, compared
from tests.end_to_end.story import Sent, chapter, oracle

DRAINED_S = 300
APART = 1000  # numbers between the first events of two chapters
WORKER, NODE, SECOND_NODE = 1, "cassandra-3", "cassandra-2"
SPARK_JOBS = 4  # ingest, hot, ledger and features: each has an executor on every worker
ALONE_S = 3.0
LOOK_EVERY_S = 3.0  # a look is two commands, half a core's worth for a second or two


@dataclass(frozen=True, slots=True)
class Told:
    """How the story ended."""

    stores: tuple[Compared, ...]
    answers: Answers
    restarted: tuple[str, ...]
    alone: Answers

    @property
    def good(self) -> bool:
        """Every store equals the oracle; everybody got a list; and with no quorum left, one that says `degraded`."""
        equal = not any(store.wrong for store in self.stores)
        return equal and all(set(each.statuses) == {200} for each in (self.answers, self.alone)) and self.honest

    @property
    def honest(self) -> bool:
        """Every list that was made without a quorum says so."""
        return self.alone.degraded == self.alone.statuses.total() > 0


def tell(running: Cluster, chapters: int, say: Callable[[str], None]) -> Told:
    """A third of the chapters, the worker dies; a third, the node dies; the last third, and all of it arrives."""
    now_ms, sent, restarted = time.time_ns() // 1_000_000, list[Sent](), list[str]()

    def write(several: range) -> None:
        for number in several:
            records = chapter(number * APART, now_ms)
            send(running.settings, records)
            sent.extend(records)
        say(f"{len(sent)} records sent")

    def until(what: str, holds: Callable[[], bool]) -> None:
        deadline = time.monotonic() + DRAINED_S
        while not holds():
            assert time.monotonic() < deadline, f"after {DRAINED_S} s there was still no sign of {what}"
            if ended := running.revive():
                say(f"started again: {', '.join(ended)}")
                restarted.extend(ended)
            time.sleep(LOOK_EVERY_S)

    first, second = max(1, chapters // 3), max(2, chapters * 2 // 3)
    with asking(api_of(running.settings)) as answers:
        write(range(first))
        until("events in the ledger", lambda: ledger_rows(running.settings) > 0)
        say(f"{ledger_rows(running.settings)} of them in the ledger; executors: {_counted(running.executors())}")
        write(range(first, second))
        assert (there := running.executors()[f"worker-{WORKER + 1}"]) >= SPARK_JOBS, f"only {there} executors to kill"
        say(f"SIGKILL to worker {WORKER + 1} and its executors: {_counted(running.spark.kill(WORKER))}")
        write(range(second, chapters))
        running = running.kill_node(NODE)
        say(f"SIGKILL to {NODE}; it stays away")
        write(range(chapters, chapters + 1))
        until("account to say that all is drained and adds up", lambda: accounted(running.var))
        say(f"all is drained and adds up; executors: {_counted(running.executors())}")
    stores = compared(running.settings, oracle(sent, now_ms))
    running = running.kill_node(SECOND_NODE)
    say(f"SIGKILL to {SECOND_NODE} too: one copy of three is left, and no quorum")
    with asking(api_of(running.settings)) as alone:
        time.sleep(ALONE_S)
    return Told(stores, answers, tuple(restarted), alone)


def shown(told: Told) -> str:
    """The verdict as a table of at most 80 columns."""
    lines = [f"{'':34}{'oracle':>10}{'found':>10}{'wrong':>10}"]
    lines += [f"{each.what:34}{each.expected:>10}{each.found:>10}{each.wrong:>10}" for each in told.stores]
    for when, answers in (("through it all", told.answers), ("two nodes lost", told.alone)):
        asked = f"lists asked for, {when}: {answers.statuses.total()}, answered: {answers.statuses[200]}"
        lines.append(f"{asked}, degraded: {answers.degraded}")
    lines += [
        f"jobs that ended and were started again: {_counted(Counter(told.restarted)) or 'none'}",
        "equal to the oracle" if told.good else "NOT equal to the oracle, or a list was missing or not honest",
    ]
    return "\n".join(lines)


def _counted(names: Counter[str]) -> str:
    return ", ".join(f"{count} {name}" for name, count in sorted(names.items()))


def main() -> None:
    """`python -m tests.end_to_end.cluster_story`."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--chapters", type=int, default=30, help="of 135 records each (default: %(default)s)")
    parser.add_argument("--folder", type=Path, default=ROOT / "var" / "cluster", help="emptied first; keeps the logs")
    flags = parser.parse_args()
    if (available := available_memory_mb()) < MEMORY_MB:
        print(f"cluster: {MEMORY_MB} MB of memory are needed, {available} MB are available", file=sys.stderr)
        sys.exit(2)
    began = time.monotonic()

    def say(text: str) -> None:
        print(f"{time.monotonic() - began:6.1f} s  {text}", flush=True)

    shutil.rmtree(flags.folder, ignore_errors=True)
    try:
        with cluster(flags.folder.absolute(), say) as running:
            told = tell(running, flags.chapters, say)
            print(shown(told), flush=True)
    except AssertionError as failure:  # what was waited for did not come, or a command failed: it says which
        print(f"cluster: {failure}", file=sys.stderr)
        sys.exit(1)
    finally:
        say(f"everything stopped; logs: {flags.folder}")
    sys.exit(0 if told.good else 1)


if __name__ == "__main__":
    main()
