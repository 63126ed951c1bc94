"""Whole messages over one socket between the API and its workers, as they were sent. What they say: not here."""

from __future__ import annotations

import asyncio
import struct
from collections.abc import Callable
from typing import Final, cast

_HEADER: Final = struct.Struct("<IIB")  # bytes of the message, number of the request, kind

OnFrame = Callable[[int, int, bytes], None]
"""(number, kind, message)."""


class Frames(asyncio.Protocol):
    """One end. `on_frame` hears every message in order, `on_end`, once, that the other end is gone."""

    def __init__(self, on_frame: OnFrame, on_end: Callable[[], None]) -> None:
        self._on_frame = on_frame
        self._on_end = on_end
        self._received = bytearray()
        self._transport: asyncio.WriteTransport | None = None

    def send(self, number: int, kind: int, message: bytes) -> None:
        """Never waits; what is sent to an end that is gone is lost."""
        if self._transport is not None:
            self._transport.write(_HEADER.pack(len(message), number, kind) + message)

    def close(self) -> None:
        """Nothing more is sent; the other end hears so once it has read everything."""
        if self._transport is not None:
            self._transport.close()

    def abort(self) -> None:
        """Let go at once, whatever the other end has not taken yet."""
        if self._transport is not None:
            self._transport.abort()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.WriteTransport, transport)  # uvloop's have another base

    def data_received(self, data: bytes) -> None:
        self._received += data
        start = 0
        while len(self._received) - start >= _HEADER.size:
            size, number, kind = _HEADER.unpack_from(self._received, start)
            end = start + _HEADER.size + size
            if len(self._received) < end:
                break
            message = bytes(self._received[start + _HEADER.size : end])
            start = end
            self._on_frame(number, kind, message)
        del self._received[:start]

    def connection_lost(self, _: Exception | None) -> None:
        self._transport = None
        self._on_end()
