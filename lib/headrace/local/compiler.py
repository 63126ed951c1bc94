"""Java's optimising compiler gives way to the program that it compiles. Starts and stops nothing.

A third of what a stack's start takes of two cores is that compiler's, for code of which much runs once
(docs/adr/0023). Linux tells threads by name, and each has a niceness of its own.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Collection
from pathlib import Path
from typing import Final

import psutil

THREAD: Final = "C2 CompilerThre"  # C2 CompilerThread0, of which the kernel keeps 15 characters
BEHIND: Final = 10
"""A ninth of the weight of the program's own threads. Behind by 19, a backlog was carried 0.93 times as fast (once)."""


class CompilesLast:
    """The programs whose compiler gives way already are not looked at again."""

    def __init__(self) -> None:
        self._done: set[int] = set()

    def apply(self, sessions: Collection[int]) -> None:
        """Every Java program of these sessions that has begun; again, for those that come after."""
        for pid in psutil.pids():
            with contextlib.suppress(FileNotFoundError, ProcessLookupError):  # it has ended
                if pid not in self._done and os.getsid(pid) in sessions and _give_way(pid):
                    self._done.add(pid)


def _give_way(pid: int) -> bool:
    """True when the process has such a thread; more of them, on a larger machine, are made by the first."""
    niceness = min(19, os.getpriority(os.PRIO_PROCESS, pid) + BEHIND)
    threads = [int(task.name) for task in Path(f"/proc/{pid}/task").iterdir() if _name_of(task) == THREAD]
    for thread in threads:
        if os.getpriority(os.PRIO_PROCESS, thread) < niceness:  # to take some back is root's
            os.setpriority(os.PRIO_PROCESS, thread, niceness)
    return bool(threads)


def _name_of(task: Path) -> str:
    return (task / "comm").read_text(encoding="utf-8", errors="replace").strip()
