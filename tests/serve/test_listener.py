"""HTTP on a real socket: what comes before a request's body is bounded, and stopping owes nobody an answer."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import pytest
from starlette.types import Receive, Scope, Send

from headrace.errors import MachineUnfit
from headrace.serve.listener import MAX_HEAD_BYTES, Listener, bound
from headrace.settings import Serve
from tests.conftest import free_ports

App = Callable[[Scope, Receive, Send], Awaitable[None]]
CHUNK = b"x" * 4_096


async def said_ok(_: Scope, __: Receive, send: Send) -> None:
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"2")]})
    await send({"type": "http.response.body", "body": b"ok"})


def address() -> Serve:
    return Serve(host="127.0.0.1", port=free_ports(1)[0])


@asynccontextmanager
async def answering(app: App) -> AsyncIterator[tuple[Listener, int]]:
    serve, listener = address(), Listener(app)
    with bound(serve) as port:
        answer = asyncio.create_task(listener.answer(port))
        await asyncio.sleep(0.2)
        yield listener, serve.port
        listener.stop()
        await answer


def test_a_head_that_does_not_end_is_refused() -> None:
    async def ask() -> bytes:
        async with answering(said_ok) as (_, port):
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.write(b"GET / HTTP/1.1\r\nhost: here\r\nmore: ")
            await asyncio.sleep(0.1)  # what comes with the first bytes is not counted
            writer.write(b"x" * (MAX_HEAD_BYTES + 1))
            answer = await reader.read()
            writer.close()
            return answer

    assert asyncio.run(ask()).startswith(b"HTTP/1.1 431 ")


def test_bodies_and_many_requests_on_one_connection_are_not_heads() -> None:
    async def ask() -> list[bytes]:
        async with answering(said_ok) as (_, port):
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            answers = []
            for _ in range(3):
                size = 2 * MAX_HEAD_BYTES
                writer.write(b"POST / HTTP/1.1\r\nhost: here\r\ncontent-length: %d\r\n\r\n" % size)
                for _ in range(size // len(CHUNK)):
                    writer.write(CHUNK)
                    await asyncio.sleep(0)
                head = await reader.readuntil(b"\r\n\r\n")
                answers.append(head.split(b"\r\n")[0] + b" " + await reader.readexactly(2))
            writer.close()
            return answers

    assert asyncio.run(ask()) == [b"HTTP/1.1 200 OK ok"] * 3


def test_a_request_under_way_is_answered_after_stop_and_nobody_new_is() -> None:
    started, go_on = asyncio.Event(), asyncio.Event()

    async def slow(scope: Scope, receive: Receive, send: Send) -> None:
        started.set()
        await go_on.wait()
        await said_ok(scope, receive, send)

    async def ask() -> bytes:
        async with answering(slow) as (listener, port):
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.write(b"GET / HTTP/1.1\r\nhost: here\r\n\r\n")
            await started.wait()
            listener.stop()
            await asyncio.sleep(0.3)
            with pytest.raises(ConnectionRefusedError):
                await asyncio.open_connection("127.0.0.1", port)
            go_on.set()
            answer = await reader.read()
            writer.close()
            return answer

    assert asyncio.run(ask()).endswith(b"\r\n\r\nok")


def test_a_port_is_refused_to_the_second_who_wants_it() -> None:
    serve = address()
    with socket.socket() as first:
        first.bind((serve.host, serve.port))
        first.listen()
        with pytest.raises(MachineUnfit, match=rf"{serve.port}: .*; set serve.port"), bound(serve):
            pass


def test_a_port_that_somebody_listens_at_since_it_was_bound_is_refused_too() -> None:
    async def answer() -> None:
        serve = address()
        with bound(serve) as port, bound(serve) as theirs:
            theirs.listen()
            with pytest.raises(MachineUnfit, match=str(serve.port)):
                await Listener(said_ok).answer(port)

    asyncio.run(answer())
