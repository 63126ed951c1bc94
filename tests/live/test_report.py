"""What a live process says of itself, and when."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from pathlib import Path

import pytest

from headrace.live.batch import Taken
from headrace.live.report import progress_file, report
from headrace.live.service import Live, Progress
from headrace.ready import read_ready
from headrace.settings import Paths, Settings
from tests.live.inlets import TOPICS, ListInlet, clean_record
from tests.stores.events import view


def test_it_is_ready_once_it_reads_and_its_lag_is_then_kept_up_to_date(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("headrace.live.report.EVERY_S", 0.001)
    monkeypatch.setattr("headrace.live.report.UNTIL_READY_S", 0.001)
    settings = Settings(paths=Paths(var=tmp_path))

    async def said(expected: Mapping[str, object]) -> None:
        async with asyncio.timeout(10):
            while {**read_ready(settings, "live"), "pid": None} != {"pid": None, **expected}:
                await asyncio.sleep(0.001)

    async def story() -> None:
        stopping = asyncio.Event()
        inlet = ListInlet([Taken((), (clean_record(view("u:1", f"e{n}", n), n),)) for n in range(2)], stopping)
        live = Live(inlet, TOPICS, stopping, lambda: 0.0)
        reporter = asyncio.create_task(report(live, inlet, settings, lambda: 7))
        async with asyncio.timeout(10):
            while not progress_file(settings).exists():
                await asyncio.sleep(0.001)
        assert read_ready(settings, "live") == {}
        live.progress = Progress(state="reading")
        await said({"lag": 2})
        await inlet.take()
        await said({"lag": 1})
        live.progress = Progress(state="waiting")
        await inlet.take()
        await said({"lag": 0})
        reporter.cancel()
        await asyncio.gather(reporter, return_exceptions=True)
        told = json.loads(progress_file(settings).read_text(encoding="utf-8"))
        assert (told["at_ms"], told["lag"]) == (7, 0)

    asyncio.run(story())
