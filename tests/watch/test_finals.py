"""What is known of the finals: nothing, that nothing is closed, that more will be, or that only an event can."""

from __future__ import annotations

from pathlib import Path

import pytest

from headrace.settings import Paths, Settings
from headrace.stream.progress import Figure, write_progress
from headrace.watch.finals import Finals, finals
from tests.watch.ledger_table import append

NOON = 1_764_590_400_000  # 2025-12-01T12:00Z


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(paths=Paths(var=tmp_path))


def said(settings: Settings, windows_ms: int, sessions_ms: int, busy: str = "") -> None:
    entries: dict[str, dict[str, Figure]] = {
        "ledger": {"lag": 0},
        "windows": {"watermark_ms": windows_ms},
        "sessions": {"watermark_ms": sessions_ms},
    }
    told = {name: entry | {"idle": name != busy} for name, entry in entries.items()}
    write_progress(settings, "ledger", {"ledger": told.pop("ledger")})
    write_progress(settings, "features", told)


def test_before_features_has_said_anything_all_is_unknown_and_nothing_is_zero(settings: Settings) -> None:
    assert finals(settings, runs=False) == Finals(None, None, None)
    assert finals(settings, runs=True) == Finals(None, None, None)


def test_a_world_without_events_has_closed_nothing_and_waits_for_its_first(settings: Settings) -> None:
    append(settings, [])
    said(settings, 0, 0)
    assert finals(settings, runs=True) == Finals(0, None, True)


def test_closed_is_what_windows_and_sessions_have_both_passed(settings: Settings) -> None:
    said(settings, NOON, NOON - 60_000)
    assert finals(settings, runs=True).closed_until_ms == NOON - 60_000


def test_one_of_the_two_that_has_not_said_leaves_it_unknown(settings: Settings) -> None:
    write_progress(settings, "ledger", {"ledger": {"idle": True}})
    write_progress(settings, "features", {"windows": {"watermark_ms": NOON, "idle": True}})
    assert finals(settings, runs=True) == Finals(None, None, None)


@pytest.mark.parametrize("busy", ["ledger", "windows", "sessions"])
def test_what_is_open_waits_for_no_event_while_one_is_on_its_way(settings: Settings, busy: str) -> None:
    said(settings, NOON, NOON, busy)
    assert finals(settings, runs=True).waiting is False
    said(settings, NOON, NOON)
    assert finals(settings, runs=True).waiting is True


def test_of_a_program_that_does_not_run_its_last_word_on_work_is_not_believed(settings: Settings) -> None:
    said(settings, NOON, NOON)
    assert finals(settings, runs=False) == Finals(NOON, None, None)


def test_silence_began_with_the_event_that_came_last_wherever_its_file_is(settings: Settings) -> None:
    append(settings, [NOON + 5, NOON + 7])  # a replay: of 2010, and come in 2025
    append(settings, [NOON + 6])
    assert finals(settings, runs=False).silent_since_ms == NOON + 7
