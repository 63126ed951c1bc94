"""Java's optimising compiler gives way to the program that it compiles. Starts and stops nothing.

A third of what a stack's start takes of two cores is that compiler's, for code of which much runs once
(docs/adr/0023). Linux tells threads by name, and each has a niceness of its own; elsewhere all stays as it is.
"""

from __future__ import annotations

import os
from collections.abc import Collection
from pathlib import Path
from typing import Final

THREAD: Final = "C2 CompilerThre"  # C2 CompilerThread0, of which the kernel keeps 15 characters
BEHIND: Final = 10
"""A ninth of the weight of the program's own threads. Behind by 19, a backlog was carried 0.93 times as fast."""

_PROC: Final = Path("/proc")


class CompilesLast:
    """The programs whose compiler gives way already are not looked at again."""

    def __init__(self) -> None:
        self._done: set[int] = set()

    def apply(self, sessions: Collection[int]) -> None:
        """Every Java program of these sessions that has begun; again, for those that come after."""
        for pid in _pids():
            if pid not in self._done and _session_of(pid) in sessions and _give_way(pid):
                self._done.add(pid)


def _pids() -> list[int]:
    return [int(entry.name) for entry in _PROC.iterdir() if entry.name.isdigit()] if _PROC.is_dir() else []


def _session_of(pid: int) -> int | None:
    try:
        return os.getsid(pid)
    except ProcessLookupError:
        return None


def _give_way(pid: int) -> bool:
    """True when the process has such a thread; more of them, on a larger machine, are made by the first."""
    try:
        niceness = min(19, os.getpriority(os.PRIO_PROCESS, pid) + BEHIND)
        threads = [int(task.name) for task in (_PROC / str(pid) / "task").iterdir() if _name_of(task) == THREAD]
        for thread in threads:
            if os.getpriority(os.PRIO_PROCESS, thread) < niceness:  # to take some back is root's
                os.setpriority(os.PRIO_PROCESS, thread, niceness)
    except (FileNotFoundError, ProcessLookupError):  # it has ended
        return False
    return bool(threads)


def _name_of(task: Path) -> str:
    return (task / "comm").read_text(encoding="utf-8", errors="replace").strip()
