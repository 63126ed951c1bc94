"""What jobs/trends.py takes of a core at a steady rate, publishing every second, beside itself while nothing happens.

Servers of its own; both sides in turn, after a round that is not counted. In the end its lists hold what was sent.
"""

from __future__ import annotations

import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import psutil
import typer

from bench.batches import LOOK_S
from bench.crowd import Crowd
from bench.own_stack import own_servers
from bench.prefill import fill
from bench.programs import GIVE_UP_S, running, trends
from bench.rows import Row, show
from headrace.errors import PartFailed
from headrace.local.checkout import CONF
from headrace.program import run
from headrace.ready import read_ready
from headrace.settings import Settings
from headrace.trends.report import ends_published

IDLE = "without events"


def main(
    rate: Annotated[int, typer.Option(min=1, help="events per second")] = 500,
    seconds: Annotated[int, typer.Option(min=1, max=120, help="length of one round")] = 10,
    rounds: Annotated[int, typer.Option(min=1, max=20)] = 5,
    as_json: Annotated[bool, typer.Option("--json")] = False,
) -> None:
    with tempfile.TemporaryDirectory(prefix="headrace-trends-") as folder, own_servers(Path(folder)) as servers:
        every_second = servers.trends.model_copy(update={"publish_s": 1.0})
        settings = servers.model_copy(update={"trends": every_second})
        with running(settings, {"trends": trends(settings, CONF)}):
            _wait("trends to be ready", lambda: "pid" in read_ready(settings, "trends"))
            process = psutil.Process(int(str(read_ready(settings, "trends")["pid"])))
            busy: list[float] = []
            idle: list[float] = []
            for number in range(rounds + 1):
                busy.append(_share(process, settings, rate, seconds, number))
                idle.append(_share(process, settings, 0, seconds, number))
            memory_mb, sent = process.memory_info().rss / 1_048_576, (rounds + 1) * rate * seconds
            _wait(f"all of {sent} events to be published", lambda: sum(ends_published(settings).values()) == sent)
    shares = [100 * share for share in busy[1:]]
    beside = 100 * statistics.median(idle[1:])
    spread = (min(shares), max(shares))
    show(
        [
            Row(f"trends at {rate}/s", statistics.median(shares), "% of a core", spread, IDLE, beside, "<= 25"),
            Row("its memory", memory_mb, "MB", (memory_mb, memory_mb)),
        ],
        as_json,
    )


def _wait(what: str, done: Callable[[], bool]) -> None:
    deadline = time.monotonic() + GIVE_UP_S
    while not done():
        if time.monotonic() > deadline:
            raise PartFailed(f"waited {GIVE_UP_S:.0f} s for {what}")
        time.sleep(LOOK_S)


def _share(process: psutil.Process, settings: Settings, rate: int, seconds: int, seed: int) -> float:
    """Of one core, from the first event of a round until its end."""
    before, began = process.cpu_times(), time.monotonic()
    for second in range(seconds):
        if rate:
            now_ms = time.time_ns() // 1_000_000
            fill(settings, Crowd.of(rate, 1_000 * seed + second, now_ms - 60_000, 60_000))
        time.sleep(max(0.0, began + second + 1 - time.monotonic()))
    after, took_s = process.cpu_times(), time.monotonic() - began
    return (after.user + after.system - before.user - before.system) / took_s


if __name__ == "__main__":
    run(lambda: typer.run(main))
