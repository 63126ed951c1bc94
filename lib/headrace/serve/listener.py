"""HTTP on one socket, in the event loop of its caller, until it is told to stop. It knows no route.

In that loop and no other thread: on full cores each hop between threads is a wait for a turn (docs/adr/0021).
"""

from __future__ import annotations

import contextlib
import socket
from collections.abc import Iterator
from typing import Final

import uvicorn
from starlette.types import ASGIApp
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from headrace.errors import MachineUnfit
from headrace.settings import Serve

BACKLOG: Final = 2_048
MAX_HEAD_BYTES: Final = 65_536
"""Of a request's line and headers; its body has a bound of its own. What came with its first bytes is not counted."""

IDLE_S: Final = 75
"""Longer than a balancer's own idle time, usually a minute: whoever closes second never answers into a closed door."""

GRACE_S: Final = 5
"""For the requests that are under way when it is told to stop."""

_HEAD_TOO_LARGE: Final = (
    b"HTTP/1.1 431 Request Header Fields Too Large\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"
)


@contextlib.contextmanager
def bound(serve: Serve) -> Iterator[socket.socket]:
    """The port of `serve`; whoever comes is refused until it is answered. Raises MachineUnfit where it is taken."""
    with socket.socket(socket.AF_INET6 if ":" in serve.host else socket.AF_INET) as port:
        port.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        with _translated(serve.host, serve.port):
            port.bind((serve.host, serve.port))
        yield port


@contextlib.contextmanager
def _translated(host: str, port: int) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise MachineUnfit(f"{host}:{port}: {error.strerror}; set serve.port to a free one") from error


class Listener:
    """`answer` until `stop`."""

    def __init__(self, app: ASGIApp) -> None:
        self._server = _Server(
            uvicorn.Config(
                app,
                http=_Protocol,
                ws="none",
                lifespan="off",
                log_config=None,
                log_level="error",
                access_log=False,
                server_header=False,
                backlog=BACKLOG,
                timeout_keep_alive=IDLE_S,
                timeout_graceful_shutdown=GRACE_S,
            )
        )

    async def answer(self, port: socket.socket) -> None:
        """Whoever comes to this socket; on `stop` the requests under way first. Raises MachineUnfit, as `bound`."""
        with _translated(*port.getsockname()[:2]):  # two programs may be bound to a port that neither listens at
            port.listen(BACKLOG)
        await self._server.serve(sockets=[port])

    def stop(self) -> None:
        """Returns at once."""
        self._server.should_exit = True


class _Server(uvicorn.Server):
    """It leaves signals to the program, which has more to end than this."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


class _Protocol(HttpToolsProtocol):
    """The parser keeps a request's line and headers until they end; here they have to."""

    _in_head = False
    _head_bytes = 0

    def on_message_begin(self) -> None:
        self._in_head, self._head_bytes = True, 0
        super().on_message_begin()

    def on_headers_complete(self) -> None:
        self._in_head = False
        super().on_headers_complete()

    def data_received(self, data: bytes) -> None:
        if self._in_head:
            self._head_bytes += len(data)
            if self._head_bytes > MAX_HEAD_BYTES:
                self.transport.write(_HEAD_TOO_LARGE)
                self.transport.close()
                return
        super().data_received(data)
