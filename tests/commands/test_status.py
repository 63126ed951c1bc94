"""What `headrace status` says of the rejected; the health of parts is tests/local/test_stack.py."""

from __future__ import annotations

import json
import time
from pathlib import Path

import pytest

from headrace.cli import main
from headrace.commands.status import rejected_line
from headrace.watch.rejected import newly_rejected
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
