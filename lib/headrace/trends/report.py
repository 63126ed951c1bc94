"""What a trends process says of itself: ready once it reads and the store has answered, then each round. It changes
nothing; how far it has published is for whoever waits for it."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Final

from headrace.ready import announce_ready
from headrace.settings import Settings
from headrace.stores.kafka import Partition
from headrace.trends.service import Progress

PART: Final = "trends"


def progress_file(settings: Settings) -> Path:
    """`<world>/run/trends.progress.json`: Progress, and beside it the pid and the generation of what its ends count in.

    ends  {"<topic>": {"<partition>": offset}}
    """
    return settings.world_dir / "run" / f"{PART}.progress.json"


def reporter(settings: Settings) -> Callable[[Progress], None]:
    """Takes each round's progress."""

    def report(progress: Progress) -> None:
        announce_ready(settings, PART, lag=progress.lag)
        ends: dict[str, dict[int, int]] = {}
        for (topic, partition), offset in progress.ends.items():
            ends.setdefault(topic, {})[partition] = offset
        said = {**asdict(progress), "ends": ends, "pid": os.getpid(), "generation": settings.world.generation}
        path = progress_file(settings)
        draft = path.with_suffix(f".{os.getpid()}")
        draft.write_text(json.dumps(said), encoding="utf-8")
        draft.replace(path)

    return report


def ends_published(settings: Settings) -> Mapping[Partition, int]:
    """Partition → up to where the published lists have it; {} before the first report, and of another generation."""
    try:
        said = json.loads(progress_file(settings).read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    if said.get("generation") != settings.world.generation:
        return {}
    return {(topic, int(number)): offset for topic, ends in said["ends"].items() for number, offset in ends.items()}
