"""What the stack knows of one of its programs: name, launch, address, needs, readiness. It runs nothing."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from headrace.local.process import Launch
from headrace.settings import Serve

_BEHIND_LISTS: Final = 5


@dataclass(frozen=True, slots=True)
class Part:
    """A server or a job. `world` is "" for the servers, which all worlds share.

    `memory_mb` is what it takes when it works, `ports` what it listens on; `prepare` does what must be there before
    its first start and returns the launch; `ready` says whether it works now.
    """

    name: str
    world: str
    address: str
    memory_mb: int
    ports: tuple[tuple[str, int], ...]
    pid_file: Path
    log: Path
    grace_s: float
    prepare: Callable[[], Launch]
    ready: Callable[[], bool]


def behind_lists(serve: Serve) -> int:
    """Niceness of what no list waits for: a third of the weight of what makes lists and of what that reads from."""
    return _BEHIND_LISTS if serve.first else 0
