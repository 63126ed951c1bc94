"""What the stack knows of one of its programs: name, launch, address, needs, readiness. It runs nothing."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from headrace.local.process import Launch


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
