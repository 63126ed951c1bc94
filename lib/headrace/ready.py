"""How a part says that it works, and how others see it. It starts nothing and waits for nothing."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import TypeAlias

from headrace.settings import Settings

Fact: TypeAlias = str | int | float | bool | None


def ready_file(settings: Settings, part: str) -> Path:
    """`<world>/run/<part>.ready`: JSON with the pid of the process that wrote it."""
    return settings.world_dir / "run" / f"{part}.ready"


def announce_ready(settings: Settings, part: str, **facts: Fact) -> None:
    """Say that this process really works now: a query has done its first batch, a port answers.

    `headrace up` waits for it; calling it again replaces the facts (a query's lag, say).
    """
    path = ready_file(settings, part)
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_suffix(f".{os.getpid()}")
    draft.write_text(json.dumps({"pid": os.getpid(), **facts}), encoding="utf-8")
    draft.replace(path)  # a reader sees the old facts or the new ones, never half


def read_ready(settings: Settings, part: str) -> Mapping[str, Fact]:
    """What the part last announced, or {} before that. Whether that process still lives is the reader's to ask."""
    try:
        facts = json.loads(ready_file(settings, part).read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    return facts if isinstance(facts, dict) else {}
