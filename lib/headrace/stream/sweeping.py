"""The hot query by turns: it counts, and every `spark.hot_sweep_s` it stops for a moment to end old state.

Spark looks at every row of a state in every batch as soon as it may end any of them: with two hours of state that
would be seconds a batch. So counting knows no watermark, and a sweep is the same query with one, run once. How far
the last sweep went is the watermark that Spark keeps in the checkpoint.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from functools import partial

from pyspark.sql import SparkSession
from pyspark.sql.streaming.query import StreamingQuery

from headrace.failpoints import reach
from headrace.settings import Settings
from headrace.stream.attend import STARTING, attend
from headrace.stream.checkpoint import watermark_ms
from headrace.stream.evolution import refused_state
from headrace.stream.hot import HOT, start_hot, start_sweep
from headrace.stream.progress import Figure, figures, write_progress


def run_hot(spark: SparkSession, settings: Settings, stopping: threading.Event, check: Callable[[], None]) -> None:
    """Count and sweep by turns until `stopping` is set. Raises PartFailed when a query fails, and what `check` does."""
    folder = settings.checkpoint(HOT)
    said: dict[str, Figure] = {}

    def look(query: StreamingQuery) -> None:
        check()
        said.update(figures(query.lastProgress))  # a turn that has said nothing yet is as far as the one before
        if query.status["message"] not in STARTING:
            write_progress(settings, "hot", {"hot": said})

    def refused(error: str) -> str | None:
        return refused_state(HOT, error, settings.world.name)

    while not stopping.is_set():
        counting = start_hot(spark, settings, watermark_ms(spark, folder))
        attend(counting, stopping, partial(look, counting), for_s=settings.spark.hot_sweep_s, refused=refused)
        if not stopping.is_set():
            reach("sweep.before")
            sweep = start_sweep(spark, settings, watermark_ms(spark, folder))
            attend(sweep, stopping, partial(look, sweep), may_end=True, refused=refused)
            reach("sweep.after")
