"""Who gives way to whom, where all parts share a machine: the niceness of each (docs/adr/0022). It sets none."""

from __future__ import annotations

from typing import Final

from headrace.local.job import SPARK_JOBS
from headrace.settings import Settings

_BEHIND_LISTS: Final = {"live": 5, "kafka": 7, "ingest": 9, "hot": 10, "ledger": 15, "features": 19, "trends": 19}
"""In the order in which what they do is due: tails in ms, panes in half a second, the ledger in seconds, the rest when
nothing else is. The API and Cassandra, that lists are made by and read from, give way to none."""

_BESIDE_LISTS: Final = 10
"""So much less where lists do not go first: hot is beside them, and only what is due later gives way."""


def niceness(settings: Settings, part: str) -> int:
    """0 to 19, by the part's name.

    What jobs of Spark do here, with a cluster's master, is driving: it must not starve behind their own executors.
    """
    drives = part in SPARK_JOBS and not settings.spark.master.startswith("local")
    behind = 0 if drives else _BEHIND_LISTS.get(part, 0)
    return behind if settings.serve.first else max(0, behind - _BESIDE_LISTS)
