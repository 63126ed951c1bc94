"""What stays on the shelf after a publication."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from headrace.domain.model import ModelArrays
from headrace.learn.publish import superseded
from headrace.stores.manifest import Manifest, Origin
from headrace.stores.ports import Pointer
from headrace.stores.shelf import write_model


def shelved(shelf: Path, version: str, interval_end_ms: int | None = None) -> Manifest:
    origin = Origin(
        feature_set_id="f1",
        clock_ms=0,
        delta_version=0,
        interval_end_ms=interval_end_ms,
        parameters={},
        events=0,
        people=0,
    )
    arrays = ModelArrays(
        version=version,
        feature_set_id="f1",
        items=(),
        index={},
        item_factors=np.zeros((0, 1), dtype=np.float32),
        neighbours=np.zeros((0, 1), dtype=np.int32),
        neighbour_scores=np.zeros((0, 1), dtype=np.float32),
        popularity=np.zeros(0, dtype=np.int64),
    )
    return write_model(shelf, arrays, (), origin, {})


def test_the_newest_versions_stay_and_older_ones_leave(tmp_path: Path) -> None:
    *_, newest = [shelved(tmp_path, f"m{n}") for n in range(6)]
    assert superseded(tmp_path, newest, Pointer("m5", "m4", 0), keep=3) == ["m2", "m1", "m0"]


def test_what_is_served_and_what_a_rollback_would_serve_stay_however_old(tmp_path: Path) -> None:
    *_, newest = [shelved(tmp_path, f"m{n}") for n in range(6)]
    assert superseded(tmp_path, newest, Pointer("m1", "m0", 0), keep=2) == ["m4", "m3", "m2"]
    assert superseded(tmp_path, newest, Pointer("m1", "m0", 0), keep=4) == ["m3", "m2"]


def test_another_model_of_the_same_interval_leaves_unless_it_is_the_step_back(tmp_path: Path) -> None:
    for n in range(3):
        shelved(tmp_path, f"m{n}", interval_end_ms=7)
    shelved(tmp_path, "m3", interval_end_ms=8)
    newest = shelved(tmp_path, "m4", interval_end_ms=7)
    assert superseded(tmp_path, newest, Pointer("m4", "m2", 0), keep=9) == ["m0", "m1"]


def test_trainings_without_an_interval_replace_nothing(tmp_path: Path) -> None:
    shelved(tmp_path, "m0")
    newest = shelved(tmp_path, "m1")
    assert superseded(tmp_path, newest, None, keep=2) == []
