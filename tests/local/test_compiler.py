"""Threads that bear the compiler's name give way, in the sessions that are named, and nothing else does."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from headrace.local.compiler import BEHIND, THREAD, CompilesLast
from headrace.local.process import Launch, start, stop
from tests.conftest import wait_for

PROGRAM = f"""
import threading, time
def named(name):
    open(f"/proc/self/task/{{threading.get_native_id()}}/comm", "w").write(name)
    time.sleep(60)
for name in ({THREAD!r}, "C1 CompilerThre"):
    threading.Thread(target=named, args=(name,), daemon=True).start()
time.sleep(60)
"""


def niceness(pid: int) -> dict[str, int]:
    """Name → niceness of the threads of a process."""
    tasks = list(Path(f"/proc/{pid}/task").iterdir())
    return {(task / "comm").read_text().strip(): os.getpriority(os.PRIO_PROCESS, int(task.name)) for task in tasks}


@pytest.fixture
def compiling(tmp_path: Path) -> Iterator[list[int]]:
    """Two programs, each the leader of its session, with threads named as Java names its compilers."""
    processes: list[subprocess.Popen[bytes]] = []
    for name, own in (("a", 0), ("b", 15)):
        launch = Launch((sys.executable, "-c", PROGRAM), dict(os.environ), tmp_path, tmp_path / f"{name}.log", own)
        processes.append(start(launch, tmp_path / f"{name}.pid"))
    for process in processes:
        wait_for(lambda pid=process.pid: THREAD in niceness(pid), 20)
    yield [process.pid for process in processes]
    for name, process in zip("ab", processes, strict=True):
        stop(tmp_path / f"{name}.pid", grace_s=1.0)
        process.wait()


def test_the_optimising_compiler_of_a_named_session_gives_way_and_nothing_else(compiling: list[int]) -> None:
    first, second = compiling
    compilers = CompilesLast()
    compilers.apply({first})
    assert {name: nice for name, nice in niceness(first).items() if nice} == {THREAD: BEHIND}
    assert set(niceness(second).values()) == {15}
    compilers.apply({first, second})
    assert niceness(first)[THREAD] == BEHIND
    assert {name: nice for name, nice in niceness(second).items() if nice != 15} == {THREAD: 19}


def test_sessions_that_have_ended_are_nothing_to_it(compiling: list[int], tmp_path: Path) -> None:
    first, second = compiling
    stop(tmp_path / "a.pid", grace_s=1.0)
    CompilesLast().apply({first, second})
    assert niceness(second)[THREAD] == 19
