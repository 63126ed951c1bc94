"""Who gives way to whom, where all parts share a machine: the niceness of each (docs/adr/0022). It sets none."""

from __future__ import annotations

from typing import Final

from headrace.local.job import SPARK_JOBS
from headrace.settings import Settings

_BEHIND_LISTS: Final = 5
_BEHIND_LIVE: Final = {"live": 0, "kafka": 2, "ingest": 4, "hot": 5, "ledger": 10, "features": 14, "trends": 14}
"""In the order in which what they do is due: tails in ms, panes in half a second, the ledger in seconds, the rest when
nothing else is. The API and Cassandra, that lists are made by and read from, give way to none."""


def niceness(settings: Settings, part: str) -> int:
    """0 to 19, by the part's name.

    What jobs of Spark do here, with a cluster's master, is driving: it must not starve behind their own executors.
    """
    drives = part in SPARK_JOBS and not settings.spark.master.startswith("local")
    if drives or part not in _BEHIND_LIVE:
        return 0
    return _BEHIND_LIVE[part] + (_BEHIND_LISTS if settings.serve.first else 0)
