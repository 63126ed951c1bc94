"""A cluster on one machine: Spark standalone with two workers, three Cassandra nodes, one broker, every job of main.

Nothing is sent and nothing judged; all of it is stopped when the block ends, or when this process does.
"""

from __future__ import annotations

import os
import signal
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from unittest.mock import patch

from headrace.local.machine_files import Sections
from headrace.settings import Settings
from tests.conftest import QUICK_START, run_headrace, stack_settings, stack_var
from tests.end_to_end.access import parts_of, pid_of, wait_for
from tests.end_to_end.standalone import Standalone, standalone_cluster

NODES = ("127.0.0.1", "127.0.0.2", "127.0.0.3")
WORKERS = 2
STARTED_S = 60
SLOTS = 16
"""Of each worker: either of them can hold the four of ingest, of hot, of the ledger and of features."""
MEMORY_MB = 12_500
"""The sum of every part's heap and what it has beside that: an estimate."""


@dataclass(frozen=True, slots=True)
class Cluster:
    """The running cluster; `lost` names the parts that stay dead."""

    var: Path
    settings: Settings
    spark: Standalone
    lost: frozenset[str] = frozenset()

    def kill_node(self, name: str) -> Cluster:
        """SIGKILL to a Cassandra node. It stays away, since `revive` no longer starts it."""
        os.kill(pid_of(self.var, name), signal.SIGKILL)
        return Cluster(self.var, self.settings, self.spark, self.lost | {name})

    def revive(self) -> tuple[str, ...]:
        """What a supervisor does: start the jobs that ended, and wait for them. Their names."""
        dead = tuple(p["name"] for p in parts_of(self.var) if p["state"] == "dead" and p["name"] not in self.lost)
        if dead:
            run_headrace(self.var, "up", *(word for name in sorted(self.lost) for word in ("--without", name)))
        return dead

    def executors(self) -> Counter[str]:
        """How many executors each worker has started so far, by the worker's name."""
        return Counter({place.name: len(list(place.glob("app-*/*"))) for place in self.spark.workers})


@contextmanager
def cluster(folder: Path, say: Callable[[str], None]) -> Iterator[Cluster]:
    """Everything runs and is ready; `folder` keeps the logs."""
    with (
        patch.dict(os.environ, QUICK_START),
        standalone_cluster(folder / "spark", WORKERS, SLOTS, memory="4g") as spark,
        stack_var(folder / "var", _sections(spark.master)) as var,
    ):
        run_headrace(var, "up", "--servers-only")
        say(f"Kafka, and {len(NODES)} Cassandra nodes at {', '.join(NODES)}")
        wait_for("the workers", spark.ready, STARTED_S)
        say(f"Spark: a master and {WORKERS} workers of {SLOTS} slots at {spark.master}")
        run_headrace(var, "up")
        say("ingest, live, hot, ledger, features, trends and the API work; every table has three copies")
        yield Cluster(var, stack_settings(var, "main"), spark)


def _sections(master: str) -> Sections:
    return {
        "cassandra": {"hosts": NODES, "replication": len(NODES), "heap_mb": 512, "rows_per_request": 1},
        "spark": {"master": master, "executor_memory": "512m", "ledger_memory": "512m", "features_memory": "768m"},
    }
