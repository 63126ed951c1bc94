"""The day and how far it was read, in one file: a restart reads on instead of a day again. No topic, no counting.

The file is a convenience: without it, or with one that is broken, everything comes out of the topic once more.
"""

from __future__ import annotations

import json
import os
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from headrace.domain.trends import SUMS
from headrace.stores.kafka import Partition
from headrace.trends.day import Day
from headrace.trends.pane import Pane

FORMAT: Final = 1


@dataclass(slots=True)
class State:
    """Everything before `offsets` is in `day`; no offsets: nothing is. `until_ms`: as Reading has it."""

    day: Day = field(default_factory=Day)
    offsets: Mapping[Partition, int] = field(default_factory=dict)
    until_ms: Mapping[Partition, int] = field(default_factory=dict)


def save(path: Path, state: State, generation: int) -> None:
    """Whole or not at all. `generation` is the world's: in another one the offsets mean other records."""
    day, starts = state.day, sorted(state.day.panes)
    panes = [day.panes[start_ms] for start_ms in starts]
    told = {
        "format": FORMAT,
        "generation": generation,
        "offsets": _by_partition(state.offsets),
        "until_ms": _by_partition(state.until_ms),
        "items": day.items,
        "floor_ms": day.floor_ms,
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_suffix(f".{os.getpid()}")
    with draft.open("wb") as file:
        np.savez(
            file,
            told=np.frombuffer(json.dumps(told).encode(), dtype=np.uint8),
            starts=np.array(starts, dtype=np.int64),
            rows=np.array([len(pane.codes) for pane in panes], dtype=np.int64),
            codes=_joined([pane.codes for pane in panes], np.empty(0, dtype=np.int32)),
            sums=_joined([pane.sums for pane in panes], np.empty((0, len(SUMS)), dtype=np.int64)),
            hashes=np.array([len(pane.seen) for pane in panes], dtype=np.int64),
            seen=_joined([pane.seen for pane in panes], np.empty(0, dtype=np.uint64)),
        )
    draft.replace(path)


def load(path: Path, generation: int) -> State | None:
    """What was saved; None where nothing was, or by another format or generation. ValueError: a broken file."""
    try:
        with path.open("rb") as file, np.load(file, allow_pickle=False) as saved:
            told = json.loads(saved["told"].tobytes())
            if (told["format"], told["generation"]) != (FORMAT, generation):
                return None
            codes = np.split(saved["codes"], np.cumsum(saved["rows"]))
            sums = np.split(saved["sums"], np.cumsum(saved["rows"]))
            seen = np.split(saved["seen"], np.cumsum(saved["hashes"]))
            starts = saved["starts"].tolist()
    except FileNotFoundError:
        return None
    except (zipfile.BadZipFile, EOFError, KeyError, ValueError, OSError) as error:
        raise ValueError(f"{path}: not what was saved: {error}") from error
    panes = {start_ms: Pane(*pane) for start_ms, *pane in zip(starts, codes, sums, seen, strict=False)}
    items = told["items"]
    day = Day(panes, items, {item: code for code, item in enumerate(items)}, told["floor_ms"])
    until_ms = told.get("until_ms", ())  # a file of before has none
    return State(day, _of_partitions(told["offsets"]), _of_partitions(until_ms))


def _of_partitions(listed: Sequence[tuple[str, int, int]]) -> dict[Partition, int]:
    return {(topic, partition): value for topic, partition, value in listed}


def _by_partition(values: Mapping[Partition, int]) -> list[tuple[str, int, int]]:
    return [(topic, partition, value) for (topic, partition), value in values.items()]


def _joined(parts: Sequence[NDArray[np.generic]], nothing: NDArray[np.generic]) -> NDArray[np.generic]:
    return np.concatenate([nothing, *parts])
