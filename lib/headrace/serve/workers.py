"""Processes beside the API that rank for it: each request goes to the one with least to do. What they do: working.py.

One interpreter ranks on one core, and at eight tenths of it requests wait for each other: with everything on two cores
two workers more than halved the p99 of a list (docs/adr/0018). The API itself answers what no worker can, so a lost one
costs time and no answer.
"""

from __future__ import annotations

import asyncio
import logging
import socket
from asyncio.subprocess import Process
from collections.abc import Sequence
from typing import Final

from headrace.serve.frames import Frames
from headrace.serve.metrics import Metrics
from headrace.serve.operation import Ranked
from headrace.serve.worker_words import Asked, Say, WorkerState, encode, problem, state

PATIENCE_S: Final = 5.0
"""A worker that owes an answer for so long is stuck: every read in it has a deadline of a tenth of a second."""

RESTART_S: Final = 1.0
LONGEST_RESTART_S: Final = 30.0
"""Twice as long after each that ended before it was ready: to start one takes a second of a core."""

GRACE_S: Final = 8.0
"""For the decisions that an ending worker still has to log (running.DRAIN_S)."""


log = logging.getLogger(__name__)


class Worker:
    """One process, from its start to its end. `turn`: when it was asked last, as a number that grows."""

    def __init__(self, metrics: Metrics) -> None:
        self.frames = Frames(self._heard, self._ended)
        self.ended = asyncio.Event()
        self.state: WorkerState | None = None
        self.turn = 0
        self._metrics = metrics
        self._number = 0
        self._waiting: dict[int, asyncio.Future[bytes]] = {}

    @property
    def ready(self) -> bool:
        """It can be asked."""
        return self.state is not None and not self.ended.is_set()

    @property
    def owes(self) -> int:
        """Requests under way."""
        return len(self._waiting)

    async def ask(self, operation: str, body: bytes) -> bytes:
        """The answer's JSON. Raises Problem as the operation does; ConnectionResetError where it ends first."""
        self._number += 1
        number = self._number
        answer: asyncio.Future[bytes] = asyncio.get_running_loop().create_future()
        self._waiting[number] = answer
        try:
            self.frames.send(number, Say.ASK, encode(Asked(operation, body)))
            return await answer
        finally:
            del self._waiting[number]

    def give_up(self) -> None:
        """Ask it no more; its end: another one is started."""
        self._ended()
        self.frames.abort()

    def _heard(self, number: int, kind: int, message: bytes) -> None:
        if kind == Say.STATE:
            self.state = state(message)
            for counter, label, by in self.state.counted:
                self._metrics.count(counter, label, by)
            return
        answer = self._waiting.get(number)
        if answer is None or answer.done():  # whoever asked has gone
            return
        if kind == Say.ANSWER:
            answer.set_result(message)
        else:
            answer.set_exception(problem(message) if kind == Say.PROBLEM else RuntimeError(message.decode()))

    def _ended(self) -> None:
        self.ended.set()
        for answer in self._waiting.values():
            if not answer.done():
                answer.set_exception(ConnectionResetError("the worker ended"))


class Workers:
    """`count` processes of `command`, kept running by `run`. `here` answers where none of them can."""

    def __init__(self, count: int, command: Sequence[str], here: Ranked, metrics: Metrics) -> None:
        self._count = count
        self._command = command
        self._here = here
        self._metrics = metrics
        self._workers: list[Worker] = []
        self._turn = 0

    @property
    def states(self) -> list[WorkerState]:
        """What those that are ready last said of themselves."""
        return [worker.state for worker in self._workers if worker.state is not None and worker.ready]

    async def ranked(self, operation: str, body: bytes) -> bytes:
        """As `here` answers."""
        ready = [worker for worker in self._workers if worker.ready]
        if ready:
            # Of equals the one that was asked longest ago: the other may still have to make its record of that answer.
            worker = min(ready, key=lambda worker: (worker.owes, worker.turn))
            self._turn += 1
            worker.turn = self._turn
            try:
                async with asyncio.timeout(PATIENCE_S):
                    return await worker.ask(operation, body)
            except ConnectionResetError:
                pass
            except TimeoutError:
                worker.give_up()
            self._metrics.count("worker_answers_lost_total")
        return await self._here(operation, body)

    async def run(self) -> None:
        """Keep them running, until cancelled; then let each log what it decided, and end."""
        async with asyncio.TaskGroup() as group:
            for _ in range(self._count):
                group.create_task(self._keep_one())

    async def _keep_one(self) -> None:
        pause_s = RESTART_S
        while True:
            was_ready = False
            try:
                was_ready = await self._live_of_one()
            except OSError as error:  # no memory for another process, say: tried again, as one that was lost is
                log.warning("no worker: %s", error)
            self._metrics.count("workers_lost_total")
            pause_s = RESTART_S if was_ready else min(2 * pause_s, LONGEST_RESTART_S)
            await asyncio.sleep(pause_s)

    async def _live_of_one(self) -> bool:
        """Whether it ever was ready, once it has ended."""
        worker = Worker(self._metrics)
        process = await self._start(worker)
        self._workers.append(worker)
        try:
            await worker.ended.wait()
        finally:
            self._workers.remove(worker)
            worker.frames.close()
            await _end(process)
        return worker.state is not None

    async def _start(self, worker: Worker) -> Process:
        ours, theirs = socket.socketpair()
        try:
            with theirs:  # only the worker has that end: when it is gone, ours hears so
                process = await asyncio.create_subprocess_exec(
                    *self._command, "--worker", str(theirs.fileno()), pass_fds=(theirs.fileno(),)
                )
        except OSError:
            ours.close()
            raise
        await asyncio.get_running_loop().create_unix_connection(lambda: worker.frames, sock=ours)
        return process


async def _end(process: Process) -> None:
    """It ends by itself once its socket has; one that does not is killed."""
    try:
        async with asyncio.timeout(GRACE_S):
            await process.wait()
    except TimeoutError:
        process.kill()
        await process.wait()
