"""What `headrace status` says of the rejected and of the finals; the health of parts is tests/local/test_stack.py."""

from __future__ import annotations

import json
import time
from pathlib import Path

import pytest

from headrace.cli import main
from headrace.commands.status import finals_line, rejected_line
from headrace.stream.progress import write_progress
from headrace.watch.finals import Finals
from headrace.watch.rejected import newly_rejected
from tests.watch import ledger_table
from tests.watch.rejected_table import NOON, Row, append, settings_of


def test_the_rate_is_of_what_was_received_in_the_last_five_minutes(tmp_path: Path) -> None:
    settings = settings_of(tmp_path)
    append(settings, [Row(0, NOON - 300_001), Row(1, NOON - 300_000), Row(2, NOON), Row(3, NOON, "future")])
    assert newly_rejected(settings, NOON) == {"not_json": 2, "future": 1}
    assert newly_rejected(settings, NOON + 3_600_000) == {}


def test_a_world_that_keeps_none_yet_is_not_one_that_rejected_none(tmp_path: Path) -> None:
    assert newly_rejected(settings_of(tmp_path), NOON) is None
    assert [rejected_line(None), rejected_line({})] == ["no table yet", "0 a minute"]


def test_the_reasons_are_named_with_the_rate() -> None:
    assert rejected_line({"not_json": 1_200, "future": 3}) == "241 a minute (last 5 minutes: 1,200 not_json, 3 future)"


def test_status_tells_the_rate_of_each_world(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    append(settings_of(tmp_path), [Row(n, time.time_ns() // 1_000_000) for n in range(2)])
    monkeypatch.setenv("HEADRACE__PATHS__VAR", str(tmp_path))
    monkeypatch.setattr("sys.argv", ["headrace", "status", "--json", "--world", "main"])
    with pytest.raises(SystemExit):
        main()
    told = json.loads(capsys.readouterr().out)
    assert told["rejected"] == {"minutes": 5, "reasons": {"not_json": 2}, "per_minute": 0.4}


def test_a_silent_topic_finals_at_work_and_a_program_that_does_not_run_are_three_things() -> None:
    lines = [finals_line(Finals(NOON, NOON + 7_000_000, each), NOON + 7_725_000) for each in (True, False, None)]
    assert lines == [
        "closed until 2025-12-01T12:00Z, no new event for 12 min 05 s: what is open waits for the next",
        "closed until 2025-12-01T12:00Z, no new event for 12 min 05 s; more is on its way",
        "closed until 2025-12-01T12:00Z, no new event for 12 min 05 s; ledger or features says nothing",
    ]


def test_nothing_closed_is_not_nothing_known() -> None:
    lines = [finals_line(Finals(until, None, True), NOON) for until in (0, None)]
    assert lines == [
        "nothing closed, no event yet: what is open waits for the next",
        "closed until: not known, no event yet: what is open waits for the next",
    ]


def test_a_clock_that_is_behind_the_brokers_makes_no_silence() -> None:
    assert "no new event for 0 s" in finals_line(Finals(NOON, NOON + 1_500, True), NOON)


def test_status_tells_how_far_the_finals_of_each_world_are(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    settings = settings_of(tmp_path)
    ledger_table.append(settings, [NOON])
    said = {"watermark_ms": NOON - 7_200_000, "idle": True}
    write_progress(settings, "ledger", {"ledger": {"idle": True}})
    write_progress(settings, "features", {"windows": said, "sessions": said})
    monkeypatch.setenv("HEADRACE__PATHS__VAR", str(tmp_path))
    monkeypatch.setattr("sys.argv", ["headrace", "status", "--json", "--world", "main"])
    with pytest.raises(SystemExit):
        main()
    told = json.loads(capsys.readouterr().out)["finals"]
    assert told == {"closed_until_ms": NOON - 7_200_000, "silent_since_ms": NOON, "waiting": None}
    monkeypatch.setattr("sys.argv", ["headrace", "status", "--world", "main"])
    with pytest.raises(SystemExit):
        main()
    lines = capsys.readouterr().out.splitlines()
    assert [line for line in lines if line.startswith("finals       closed until 2025-12-01T10:00Z, no new event for ")]
