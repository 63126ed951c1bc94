"""One worker's program: ranks what the API hands it until that ends. It listens on no port and starts nothing."""

from __future__ import annotations

import asyncio
import socket
import sys
import traceback
from typing import Final

from headrace.serve.frames import Frames
from headrace.serve.health import stores_trouble
from headrace.serve.problems import Problem
from headrace.serve.ranked import RANKED
from headrace.serve.service import Service
from headrace.serve.worker_words import Say, WorkerState, asked, encode, refused

STATE_S: Final = 0.5
READY_POLL_S: Final = 0.05


class Working:
    """What a worker does with one socket to its API."""

    def __init__(self, service: Service) -> None:
        self._service = service
        self._frames = Frames(self._heard, self._ended)
        self._end = asyncio.Event()
        self._under_way: set[asyncio.Task[None]] = set()
        self._said_trouble: str | None = None
        self._ready = False

    async def run(self, to_api: socket.socket) -> None:
        """Until the API's end of the socket is closed, or gone with it; what is under way by then is still decided."""
        await asyncio.get_running_loop().create_unix_connection(lambda: self._frames, sock=to_api)
        telling = asyncio.create_task(self._tell())
        await self._end.wait()
        telling.cancel()
        await asyncio.gather(telling, *self._under_way, return_exceptions=True)

    def _heard(self, number: int, _: int, message: bytes) -> None:
        task = asyncio.create_task(self._answer(number, message))
        self._under_way.add(task)
        task.add_done_callback(self._under_way.discard)

    def _ended(self) -> None:
        self._end.set()

    async def _answer(self, number: int, message: bytes) -> None:
        request = asked(message)
        try:
            answer = await RANKED[request.operation](self._service, request.body)
        except Problem as error:
            self._frames.send(number, Say.PROBLEM, refused(error))
        except Exception as error:  # noqa: BLE001 - the outermost line of a request: the API answers it as a bug
            traceback.print_exc(file=sys.stderr)
            self._frames.send(number, Say.BROKEN, f"{request.operation} in a worker: {error!r}".encode())
        else:
            self._frames.send(number, Say.ANSWER, answer)
        if self._ready and stores_trouble(self._service) != self._said_trouble:
            self._say_state()

    async def _tell(self) -> None:
        """The first state once the snapshots are there; then again and again."""
        while not self._service.served.loaded:
            await asyncio.sleep(READY_POLL_S)
        self._ready = True
        while True:
            self._say_state()
            await asyncio.sleep(STATE_S)

    def _say_state(self) -> None:
        service, self._said_trouble = self._service, stores_trouble(self._service)
        state = WorkerState(
            model=service.served.current.model.version,
            decisions_waiting=service.decisions.waiting,
            stores=self._said_trouble,
            counted=service.metrics.take(),
        )
        self._frames.send(0, Say.STATE, encode(state))
