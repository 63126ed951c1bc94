"""What a live process says of itself: ready once it reads, then lag and progress every second. It changes nothing."""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Final

from headrace.errors import StoreUnavailable
from headrace.live.inlet import Inlet
from headrace.live.service import Live
from headrace.ready import announce_ready
from headrace.settings import Settings

PART: Final = "live"
EVERY_S: Final = 1.0
UNTIL_READY_S: Final = 0.1


def progress_file(settings: Settings) -> Path:
    """`<world>/run/live.progress.json`: Progress and, beside it, pid, at_ms and lag (records, null when unknown)."""
    return settings.world_dir / "run" / f"{PART}.progress.json"


async def report(live: Live, inlet: Inlet, settings: Settings, now_ms: Callable[[], int]) -> None:
    """Until cancelled. Ready means: partitions assigned and the stores open."""
    ready = False
    while True:
        at_ms = now_ms()  # before the lag: a lag of 0 then covers everything that was sent until at_ms
        lag = await _lag(inlet)
        _write(progress_file(settings), live, lag, at_ms)
        ready = ready or (lag is not None and live.progress.state == "reading")
        if ready:
            announce_ready(settings, PART, lag=lag)
        await asyncio.sleep(EVERY_S if ready else UNTIL_READY_S)


async def _lag(inlet: Inlet) -> int | None:
    try:
        return await inlet.lag()
    except StoreUnavailable:
        return None


def _write(path: Path, live: Live, lag: int | None, at_ms: int) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_suffix(f".{os.getpid()}")
    draft.write_text(
        json.dumps({"pid": os.getpid(), "at_ms": at_ms, "lag": lag, **asdict(live.progress)}), encoding="utf-8"
    )
    draft.replace(path)
