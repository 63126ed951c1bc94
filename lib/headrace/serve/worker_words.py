"""What the API and its workers say to each other, as frames. No sockets, no processes."""

from __future__ import annotations

from collections.abc import Mapping
from enum import IntEnum
from typing import Final

import msgspec
from msgspec import Struct

from headrace.serve.problems import FieldError, Problem


class Say(IntEnum):
    """Kinds of frames: the API asks; a worker says all else.

    ASK      an Asked
    ANSWER   the answer's JSON
    PROBLEM  a Refusal
    BROKEN   text: the worker has a bug, and its log the traceback
    STATE    a WorkerState, about no request; the first one says that the worker is ready
    """

    ASK = 0
    ANSWER = 1
    PROBLEM = 2
    BROKEN = 3
    STATE = 4


class Asked(Struct, frozen=True, array_like=True):
    """One request: a name in ranked.RANKED, and the body as it came."""

    operation: str
    body: bytes


class Refusal(Struct, frozen=True, array_like=True):
    """A Problem."""

    kind: str
    detail: str
    errors: tuple[FieldError, ...]
    headers: Mapping[str, str]


class WorkerState(Struct, frozen=True, array_like=True):
    """model              version of the model that it ranks by
    decisions_waiting  records not yet acknowledged
    stores             why the stores are not reached or taken for dead, or None
    counted            (counter, label, by): what was counted since the last state
    """

    model: str
    decisions_waiting: int
    stores: str | None
    counted: tuple[tuple[str, str, int], ...] = ()


encode: Final = msgspec.msgpack.Encoder().encode
asked: Final = msgspec.msgpack.Decoder(Asked).decode
state: Final = msgspec.msgpack.Decoder(WorkerState).decode
_refusal: Final = msgspec.msgpack.Decoder(Refusal).decode


def refused(problem: Problem) -> bytes:
    """A Problem as a message."""
    return encode(Refusal(problem.kind, problem.detail, problem.errors, problem.headers))


def problem(message: bytes) -> Problem:
    """The inverse of `refused`."""
    said = _refusal(message)
    return Problem(said.kind, said.detail, said.errors, said.headers)
