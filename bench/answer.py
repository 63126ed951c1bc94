"""The processor time of one full answer within this process, stage by stage: no server, no store, no waiting.

request: from the body to the response; record: the decision, made after the answer has left; both: their sum.
read, rank and write are the stages of the request, measured apart. What serving costs besides: the HTTP server, the
drivers of the stores, and the way to Kafka. One person asks again and again: their candidates come from memory.
"""

from __future__ import annotations

import asyncio
import gc
import statistics
import time
from collections.abc import Callable
from dataclasses import replace
from itertools import pairwise
from typing import Annotated

import typer
from starlette.types import ASGIApp, Message

from bench import lively
from bench.rows import Row, show
from headrace.domain.recommend import recommend
from headrace.program import run
from headrace.serve.app import app_of
from headrace.serve.bodies import as_json
from headrace.serve.connection import Connecting
from headrace.serve.decision_log import DecisionLog
from headrace.serve.ranked import here
from headrace.serve.ranking import prepare, ranked_list
from headrace.serve.running import GC_ALLOCATIONS, assemble
from headrace.serve.service import Service
from headrace.serve.wire import RECOMMENDATION
from headrace.settings import Settings
from headrace.stores.memory_log import MemoryLog

REQUEST, RECORD = "request", "record"
BODY = b'{"user_id":"ann","limit":20}'
SCOPE = {
    "type": "http",
    "http_version": "1.1",
    "method": "POST",
    "path": "/v1/recommendations",
    "raw_path": b"/v1/recommendations",
    "root_path": "",
    "scheme": "http",
    "query_string": b"",
    "headers": [(b"content-type", b"application/json"), (b"content-length", b"%d" % len(BODY))],
    "client": ("127.0.0.1", 1),
    "server": ("127.0.0.1", 2),
}


class StillClock:
    """The moment of the newest events."""

    def now_ms(self) -> int:
        return lively.CLOCK


class Held(DecisionLog):
    """A log that keeps the last decision, so that its record is made when it is measured."""

    last: tuple[str, Callable[[], bytes]]

    def offer(self, request_id: str, record: Callable[[], bytes]) -> None:
        self.last = request_id, record


def main(
    answers: Annotated[int, typer.Option(min=10, help="answers of one round")] = 300,
    rounds: Annotated[int, typer.Option(min=1, max=20)] = 5,
    as_json: Annotated[bool, typer.Option("--json")] = False,
) -> None:
    gc.set_threshold(GC_ALLOCATIONS)  # as the server does
    taken = asyncio.run(_measured(answers, rounds))
    show(
        [Row(stage, statistics.median(us), "µs", (min(us), max(us))) for stage, us in taken.items()],
        as_json,
    )


async def service_of_ann() -> Service:
    """A process of the API in which only Ann's stores answer."""
    stores = lively.LivelyStores()

    async def opened() -> lively.LivelyStores:
        return stores

    connecting = Connecting(opened)
    await connecting.connect()
    service = assemble(Settings(), connecting, MemoryLog(), StillClock(), lambda: "request-1", "bench")
    service.served.current, service.served.trained_ms = lively.snapshots(), lively.CLOCK - 3_600_000
    await stores.candidates.put(service.served.current.model.version, [(lively.ANN, lively.packed_candidates())])
    return service


async def _measured(answers: int, rounds: int) -> dict[str, list[float]]:
    """Stage → the median of each round, in microseconds of this thread's processor time."""
    service = await service_of_ann()
    log = Held(service.log, "decisions", service.metrics)
    held = replace(service, decisions=log)
    app = app_of(held, here(held))
    asked = RECOMMENDATION.decode(BODY)
    medians: dict[str, list[float]] = {}
    for warm in (True, *[False] * rounds):
        spent: dict[str, list[int]] = {}
        for _ in range(answers):
            marks = [("", time.thread_time_ns())]

            def mark(stage: str, marks: list[tuple[str, int]] = marks) -> None:
                marks.append((stage, time.thread_time_ns()))

            await _ask(app)
            mark(REQUEST)
            log.last[1]()
            mark(RECORD)
            ranking = await prepare(
                service, asked.user_id, asked.session_id, asked.context, asked.limit, asked.filter, asked.exclude
            )
            mark("read")
            answer = recommend(ranking.inputs, ranking.snapshots, service.policy)
            mark("rank")
            as_json(ranked_list(service, ranking, answer))
            mark("write")
            for (_, before), (stage, after) in pairwise(marks):
                spent.setdefault(stage, []).append(after - before)
        spent["both"] = [request + record for request, record in zip(spent[REQUEST], spent[RECORD], strict=True)]
        if not warm:
            for stage, ns in spent.items():
                medians.setdefault(stage, []).append(statistics.median(ns) / 1000)
    return medians


async def _ask(app: ASGIApp) -> None:
    """One request through the application, as the server hands it over."""

    async def receive() -> Message:
        return {"type": "http.request", "body": BODY, "more_body": False}

    async def send(message: Message) -> None:
        assert message.get("status", 200) == 200, message

    await app(dict(SCOPE), receive, send)


if __name__ == "__main__":
    run(lambda: typer.run(main))
