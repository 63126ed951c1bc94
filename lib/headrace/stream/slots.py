"""Real-Time Mode's need: a task slot for every partition, all the time. It starts and stops nothing."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Final

from pyspark import SparkContext
from pyspark.sql.streaming.query import StreamingQuery

from headrace.errors import MachineUnfit

REGISTER_S: Final = 30.0
"""A cluster's executors come one by one after the driver has started; by then all that will come are there."""

_LOOK_S: Final = 0.5


def await_slots(context: SparkContext, partitions: int, sleep: Callable[[float], None]) -> int:
    """The task slots that there are: as soon as each partition has one, or after REGISTER_S; without a cluster, now."""
    left_s = 0.0 if str(context.master).startswith("local") else REGISTER_S
    while (slots := int(context.defaultParallelism)) < partitions and left_s > 0:
        sleep(_LOOK_S)
        left_s -= _LOOK_S
    return slots


def check_slots(topic: str, partitions: int, slots: int) -> None:
    """Raises MachineUnfit with fewer slots than partitions, and without any partition.

    Spark itself says nothing: the last partition waits for a slot, and its events are a whole batch late every time.
    """
    if partitions == 0:
        raise MachineUnfit(f"{topic}: no such topic; `headrace up` creates the topics of a world")
    if slots < partitions:
        raise MachineUnfit(
            f"{topic} has {partitions} partitions and Spark has {slots} task slots, ingest needs one for each: set "
            f"world.partitions = {partitions}, or spark.master = local[{partitions + 2}], or give it as many cores"
        )


def partitions_read(query: StreamingQuery) -> int:
    """How many partitions the query's last finished batch read; 0 before one. A topic that grew shows here."""
    progress = query.lastProgress
    if progress is None:
        return 0
    by_topic = json.loads(progress["sources"][0]["endOffset"] or "{}")
    return sum(len(offsets) for offsets in by_topic.values())
