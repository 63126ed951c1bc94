"""Stay with a running query until it ends or is told to. It starts none, and knows nothing of what it computes."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

from pyspark.errors import StreamingQueryException
from pyspark.sql.streaming.query import StreamingQuery

from headrace.errors import PartFailed

LOOK_EVERY_S = 0.5


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
    query: StreamingQuery, stopping: threading.Event, check: Callable[[], None], on_working: Callable[[], None]
) -> None:
    """Return after `stopping` is set and the query stopped; meanwhile call `check`, and once `on_working`.

    Whatever `check` raises stops the query. Raises PartFailed when the query ends by itself, which none should.
    """
    working = False
    try:
        while query.isActive and not stopping.wait(LOOK_EVERY_S):
            check()
            if not working and query.status["message"] == "Processing new data":
                working = True
                on_working()
    finally:
        failed = query.exception()
        query.stop()
    if not stopping.is_set():
        raise PartFailed(f"{query.name} ended by itself: {_first_line(failed)}") from failed


def _first_line(error: StreamingQueryException | None) -> str:
    return "without an error" if error is None else str(error).strip().splitlines()[0]
