from __future__ import annotations

import argparse

import pytest

from headrace.errors import BadInput
from headrace.learn.moment import moment_ms
from headrace.learn.wanted import history_of, training_flags
from headrace.settings import Settings, World

NOW = 1_700_000_000_000


def flags(*words: str) -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    training_flags(parser)
    return parser.parse_args(words)


WALL, STREAM = Settings(), Settings(world=World(name="retail", clock="stream"))


def test_airflows_interval_end_becomes_milliseconds() -> None:
    assert moment_ms("2026-01-02T02:30:00+00:00") == 1_767_321_000_000
    assert moment_ms("2026-01-02T03:30:00+01:00") == 1_767_321_000_000
    assert moment_ms("2026-01-02T02:30:00") == 1_767_321_000_000
    assert moment_ms("1767321000000") == 1_767_321_000_000


@pytest.mark.parametrize("text", ["yesterday", "", "2026-13-01", "-5", "1e3", "½"])
def test_what_is_no_moment_is_refused_by_name(text: str) -> None:
    with pytest.raises(BadInput, match="is no moment"):
        moment_ms(text)


def test_a_wall_clock_world_trains_at_the_end_of_its_interval_or_now() -> None:
    assert history_of(WALL, flags(), NOW).clock_ms == NOW
    ended = history_of(WALL, flags("--interval-end", "1767321000000"), NOW)
    assert (ended.interval_end_ms, ended.clock_ms) == (1_767_321_000_000, 1_767_321_000_000)


def test_looking_back_and_a_replay_world_have_the_clock_of_their_history() -> None:
    assert history_of(WALL, flags("--version", "3"), NOW).clock_ms is None
    assert history_of(WALL, flags("--as-of", "2026-01-02"), NOW).clock_ms is None
    replayed = history_of(STREAM, flags("--interval-end", "1767321000000"), NOW)
    assert (replayed.interval_end_ms, replayed.clock_ms) == (1_767_321_000_000, None)


def test_a_version_and_a_moment_together_are_refused() -> None:
    with pytest.raises(SystemExit):
        flags("--version", "3", "--as-of", "2026-01-02")
