"""Open-loop HTTP load: requests leave on a fixed schedule whether or not earlier ones were answered, so waiting counts.

Loopback only, bounded by a count.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit


@dataclass(frozen=True, slots=True)
class Call:
    method: str
    path: str
    body: bytes = b""


@dataclass(frozen=True, slots=True)
class Outcome:
    """`latency_ms` runs from the moment the request was due, not from when it was sent."""

    latency_ms: float
    status: int


async def open_loop(base_url: str, calls: Sequence[Call], per_second: float, connections: int = 16) -> list[Outcome]:
    """Send every call at its due time over keep-alive connections; one outcome per call, in order."""
    address = urlsplit(base_url)
    if address.hostname not in ("127.0.0.1", "localhost", "::1"):
        raise ValueError(f"{base_url}: load goes to this machine only")
    host, port = address.hostname, address.port or 80
    start = time.perf_counter() + 0.05
    queue: asyncio.Queue[tuple[int, float] | None] = asyncio.Queue()
    outcomes: list[Outcome | None] = [None] * len(calls)

    async def worker() -> None:
        reader, writer = await asyncio.open_connection(host, port)
        while (job := await queue.get()) is not None:
            number, due = job
            status = await _exchange(reader, writer, f"{host}:{port}", calls[number])
            outcomes[number] = Outcome((time.perf_counter() - due) * 1000, status)
        writer.close()
        await writer.wait_closed()

    workers = [asyncio.create_task(worker()) for _ in range(connections)]
    for number in range(len(calls)):
        due = start + number / per_second
        await asyncio.sleep(max(0.0, due - time.perf_counter()))
        queue.put_nowait((number, due))
    for _ in workers:
        queue.put_nowait(None)
    await asyncio.gather(*workers)
    return [outcome for outcome in outcomes if outcome is not None]


async def _exchange(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, host: str, call: Call) -> int:
    head = (
        f"{call.method} {call.path} HTTP/1.1\r\nhost: {host}\r\n"
        f"content-type: application/json\r\ncontent-length: {len(call.body)}\r\n\r\n"
    )
    writer.write(head.encode() + call.body)
    answer = await reader.readuntil(b"\r\n\r\n")
    headers = answer.lower()
    start = headers.index(b"content-length:") + len(b"content-length:")
    await reader.readexactly(int(headers[start : headers.index(b"\r\n", start)]))
    return int(answer.split(b" ", 2)[1])
