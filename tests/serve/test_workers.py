"""Lists made by processes beside the API: the same answers and problems, whatever becomes of a worker."""

from __future__ import annotations

import asyncio
import json
import socket
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from headrace.serve import workers as pool
from headrace.serve.health import served_model
from headrace.serve.metrics import Metrics
from headrace.serve.problems import Problem
from headrace.serve.worker_words import WorkerState
from headrace.serve.workers import Worker, Workers
from headrace.serve.working import STATE_S, Working
from tests.serve.api import Api, candidates, items_of, viewed

ASKED = b'{"user_id": "ann", "limit": 3}'


async def in_memory(operation: str, body: bytes) -> bytes:
    return f"here: {operation}".encode()


@asynccontextmanager
async def one_worker(api: Api, metrics: Metrics) -> AsyncIterator[Worker]:
    """A worker's program in this process, at the other end of a real socket."""
    ours, theirs = socket.socketpair()
    worker = Worker(metrics)
    working = asyncio.create_task(Working(api.service).run(theirs))
    await asyncio.get_running_loop().create_unix_connection(lambda: worker.frames, sock=ours)
    async with asyncio.timeout(5):
        while not worker.ready:
            await asyncio.sleep(0.01)
    try:
        yield worker
    finally:
        worker.frames.close()
        await asyncio.gather(working, worker.ended.wait())


@pytest.fixture
def known(api: Api) -> Api:
    api.publish()
    api.happened(viewed("mug"))
    api.run(api.stores.candidates.put("m20251231T230000Z-00000000", [("u:ann", candidates("lamp", "bowl"))]))
    return api


def test_a_worker_answers_as_the_api_itself_does(known: Api) -> None:
    async def asked() -> bytes:
        async with one_worker(known, Metrics()) as worker:
            return await worker.ask("recommend", ASKED)

    itself = known.recommend(user_id="ann", limit=3)
    answer = json.loads(known.run(asked()))

    assert items_of(answer) == items_of(itself)
    assert {name: answer[name] for name in answer if name != "request_id"} == {
        name: itself[name] for name in itself if name != "request_id"
    }


def test_reranking_goes_there_too(known: Api) -> None:
    async def asked() -> bytes:
        async with one_worker(known, Metrics()) as worker:
            return await worker.ask("rerank", b'{"user_id": "ann", "items": ["novel", "bowl"]}')

    assert sorted(items_of(json.loads(known.run(asked())))) == ["bowl", "novel"]


def test_a_problem_comes_back_as_it_was_raised(known: Api) -> None:
    async def asked() -> None:
        async with one_worker(known, Metrics()) as worker:
            await worker.ask("recommend", b'{"limit": "many"}')

    with pytest.raises(Problem) as raised:
        known.run(asked())
    assert (raised.value.kind, raised.value.errors[0].field, raised.value.errors[0].value) == (
        "bad-field",
        "limit",
        "many",
    )


def test_what_a_worker_counted_is_counted_once_by_its_api_and_a_lost_store_is_told_at_once(known: Api) -> None:
    metrics = Metrics()
    known.lose_stores()

    async def asked() -> str | None:
        async with one_worker(known, metrics) as worker:
            for _ in range(5):
                await worker.ask("recommend", ASKED)
            assert worker.state is not None
            told = worker.state.stores
            await asyncio.sleep(1.5 * STATE_S)
            return told

    assert known.run(asked()) is not None
    assert metrics.total("degraded_total") == 15  # tail, panes and candidates, five times
    assert known.service.metrics.total("degraded_total") == 0


def test_a_model_is_served_once_every_worker_has_it() -> None:
    behind, with_it = WorkerState("m1", 0, None), WorkerState("m2", 0, None)

    assert served_model("m2", []) == "m2"
    assert served_model("m2", [with_it, with_it]) == "m2"
    assert served_model("m2", [with_it, behind]) == "m1"
    assert served_model("none", []) is None


def test_without_a_worker_the_api_answers_itself() -> None:
    workers = Workers(2, ("none",), in_memory, Metrics())
    assert asyncio.run(workers.ranked("recommend", b"")) == b"here: recommend"


PROGRAM = """
import socket, struct, sys, time
end = socket.socket(fileno=int(sys.argv[-1]))
end.sendall(struct.pack("<IIB", {size}, 0, 4) + {state!r})
while end.recv(65536):
    {then}
"""


def program(then: str) -> tuple[str, ...]:
    """A worker that says that it is ready and does this with what it is asked."""
    state = pool.encode(WorkerState("none", 0, None))
    return (sys.executable, "-c", PROGRAM.format(size=len(state), state=state, then=then))


@asynccontextmanager
async def running(workers: Workers, ready: int) -> AsyncIterator[None]:
    keeping = asyncio.create_task(workers.run())
    try:
        async with asyncio.timeout(20):
            while len(workers.states) < ready:
                await asyncio.sleep(0.01)
        yield
    finally:
        keeping.cancel()
        await asyncio.gather(keeping, return_exceptions=True)


def test_what_a_dead_worker_owed_is_answered_here_and_another_one_is_started() -> None:
    metrics = Metrics()
    workers = Workers(1, program("sys.exit(3)"), in_memory, metrics)

    async def scenario() -> None:
        async with running(workers, 1):
            assert await workers.ranked("recommend", b"") == b"here: recommend"
            async with asyncio.timeout(20):
                while not workers.states:
                    await asyncio.sleep(0.01)

    asyncio.run(scenario())
    assert (metrics.total("workers_lost_total"), metrics.total("worker_answers_lost_total")) == (1, 1)


class Idle(Worker):
    """One that is ready and says who was asked."""

    def __init__(self, name: str, asked: list[str], owes: int = 0) -> None:
        super().__init__(Metrics())
        self.state, self.name, self.asked = WorkerState("none", 0, None), name, asked
        self._waiting = {number: asyncio.get_running_loop().create_future() for number in range(-owes, 0)}

    async def ask(self, operation: str, body: bytes) -> bytes:
        self.asked.append(self.name)
        return b""


def test_who_owes_least_is_asked_and_of_equals_in_turn_even_one_that_was_just_started() -> None:
    asked: list[str] = []

    async def scenario() -> None:
        workers = Workers(3, ("none",), in_memory, Metrics())
        workers._workers = [Idle("a", asked), Idle("busy", asked, owes=1), Idle("b", asked)]
        for _ in range(4):
            await workers.ranked("recommend", b"")
        workers._workers[0] = Idle("new", asked)
        for _ in range(3):
            await workers.ranked("recommend", b"")

    asyncio.run(scenario())
    assert asked == ["a", "b", "a", "b", "new", "b", "new"]


def test_a_stuck_worker_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pool, "PATIENCE_S", 0.1)
    monkeypatch.setattr(pool, "GRACE_S", 0.1)
    metrics = Metrics()
    workers = Workers(1, program("time.sleep(60)"), in_memory, metrics)

    async def scenario() -> None:
        async with running(workers, 1):
            assert await workers.ranked("recommend", b"") == b"here: recommend"
            assert workers.states == []
            async with asyncio.timeout(20):
                while not workers.states:
                    await asyncio.sleep(0.01)

    asyncio.run(scenario())
    assert metrics.total("workers_lost_total") == 1


def test_a_worker_that_cannot_be_started_is_tried_again_and_the_api_goes_on(tmp_path: Path) -> None:
    metrics = Metrics()
    workers = Workers(1, (str(tmp_path / "no-such-program"),), in_memory, metrics)

    async def scenario() -> None:
        keeping = asyncio.create_task(workers.run())
        await asyncio.sleep(0.1)
        assert not keeping.done()
        assert await workers.ranked("rerank", b"") == b"here: rerank"
        keeping.cancel()
        await asyncio.gather(keeping, return_exceptions=True)

    asyncio.run(scenario())
    assert metrics.total("workers_lost_total") == 1


def test_one_that_never_becomes_ready_is_started_less_and_less_often(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pool, "RESTART_S", 0.1)
    metrics = Metrics()
    workers = Workers(1, ("/bin/false",), in_memory, metrics)

    async def scenario() -> float:
        clock_s = asyncio.get_running_loop().time
        began_s = clock_s()
        keeping = asyncio.create_task(workers.run())
        async with asyncio.timeout(30):
            while metrics.total("workers_lost_total") < 4:
                await asyncio.sleep(0.01)
        keeping.cancel()
        await asyncio.gather(keeping, return_exceptions=True)
        return clock_s() - began_s

    assert asyncio.run(scenario()) >= 0.2 + 0.4 + 0.8
