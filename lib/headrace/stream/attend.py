"""Stay with a running query until it ends or is told to. It starts none, and knows nothing of what it computes."""

from __future__ import annotations

import math
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

from pyspark.errors import StreamingQueryException
from pyspark.sql.streaming.query import StreamingQuery

from headrace.errors import PartFailed

LOOK_EVERY_S = 0.5
STARTING = ("Initializing StreamExecution", "Initializing sources")
"""What a query's status says until it has found its sources."""


@contextmanager
def told_to_stop() -> Iterator[threading.Event]:
    """An event that SIGTERM and SIGINT set; the handlers from before come back after the block."""
    stopping = threading.Event()

    def stop(_signal: int, _frame: FrameType | None) -> None:
        stopping.set()

    before = {number: signal.signal(number, stop) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        yield stopping
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def attend(
    query: StreamingQuery,
    stopping: threading.Event,
    check: Callable[[], None],
    on_working: Callable[[], None] | None = None,
    for_s: float = math.inf,
    may_end: bool = False,
    refused: Callable[[str], str | None] = lambda _: None,
) -> None:
    """Return when `stopping` is set or `for_s` have passed, with the query stopped; meanwhile call `check`.

    `on_working` is called once, with its first data. Whatever `check` raises stops the query. Raises PartFailed when
    the query fails, or ends by itself though it may not; `refused` may have a better line for Spark's error.
    """
    working, deadline = False, time.monotonic() + for_s
    try:
        while query.isActive and time.monotonic() < deadline and not stopping.wait(LOOK_EVERY_S):
            check()
            if on_working and not working and query.status["message"] == "Processing new data":
                working = True
                on_working()
    finally:
        failed, ended = query.exception(), not query.isActive
        query.stop()
    if not stopping.is_set() and (failed is not None or (ended and not may_end)):
        raise PartFailed(refused(str(failed)) or f"{query.name} ended by itself: {_first_line(failed)}") from failed


def _first_line(error: StreamingQueryException | None) -> str:
    return "without an error" if error is None else str(error).strip().splitlines()[0]
