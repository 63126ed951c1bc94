"""What trends says of itself, and what whoever waits for it reads of that."""

from __future__ import annotations

import json
import os
from pathlib import Path

from headrace.ready import read_ready
from headrace.settings import Paths, Settings, World
from headrace.trends.report import ends_published, progress_file, reporter
from headrace.trends.service import Progress

ENDS = {("w.events.clean", 0): 12, ("w.events.clean", 1): 7}


def settings(var: Path, generation: int = 1) -> Settings:
    return Settings(paths=Paths(var=var), world=World(name="w", generation=generation))


def test_how_far_it_has_published_comes_back_by_partition(tmp_path: Path) -> None:
    assert ends_published(settings(tmp_path)) == {}
    reporter(settings(tmp_path))(Progress(3, 1_000, 5, 0, ENDS))
    assert ends_published(settings(tmp_path)) == ENDS


def test_offsets_of_another_generation_count_other_records(tmp_path: Path) -> None:
    reporter(settings(tmp_path))(Progress(ends=ENDS))
    assert ends_published(settings(tmp_path, generation=2)) == {}


def test_what_a_version_before_this_one_left_behind_says_nothing(tmp_path: Path) -> None:
    reporter(settings(tmp_path))(Progress())
    progress_file(settings(tmp_path)).write_text('{"pid": 1, "publications": 3, "clock_ms": 7, "lag": 0}')
    assert ends_published(settings(tmp_path)) == {}


def test_each_round_announces_its_lag_and_is_in_a_file(tmp_path: Path) -> None:
    reporter(settings(tmp_path))(Progress(3, 1_000, 5, 2, ENDS))
    assert read_ready(settings(tmp_path), "trends") == {"pid": os.getpid(), "lag": 5}
    assert json.loads(progress_file(settings(tmp_path)).read_text()) == {
        "pid": os.getpid(),
        "generation": 1,
        "publications": 3,
        "clock_ms": 1_000,
        "lag": 5,
        "unreadable": 2,
        "ends": {"w.events.clean": {"0": 12, "1": 7}},
    }
