"""Somebody who asks for lists all the time, and notes what the answers were. It judges none."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import httpx

PAUSE_S = 0.1


@dataclass(slots=True)
class Answers:
    """Of all requests so far: how many of each status, how many were degraded, and the slowest."""

    statuses: Counter[int] = field(default_factory=Counter)
    degraded: int = 0
    slowest_ms: float = 0.0

    def note(self, answer: httpx.Response, took_ms: float) -> None:
        self.statuses[answer.status_code] += 1
        self.degraded += answer.status_code == 200 and bool(answer.json()["degraded"])
        self.slowest_ms = max(self.slowest_ms, took_ms)


@contextmanager
def asking(api: str) -> Iterator[Answers]:
    """Ten requests a second, of twelve people in turn, while the block runs. A connection refused counts as 0."""
    answers, ended = Answers(), threading.Event()

    def ask() -> None:
        person = 0
        with httpx.Client(timeout=10) as client:
            while not ended.wait(PAUSE_S):
                person, began = (person + 1) % 12, time.monotonic()
                try:
                    answer = client.post(f"{api}/v1/recommendations", json={"user_id": f"story-{person}"})
                except httpx.TransportError:
                    answers.statuses[0] += 1
                else:
                    answers.note(answer, (time.monotonic() - began) * 1000)

    thread = threading.Thread(target=ask, name="asking")
    thread.start()
    try:
        yield answers
    finally:
        ended.set()
        thread.join()
