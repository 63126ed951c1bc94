"""Only what a pid file names is measured and stopped, and a pid file outlives its process and its boot."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from headrace.local.process import Launch, Recorded, memory_bytes, recorded, start, stop
from tests.conftest import wait_for

Started = Callable[[str], tuple[subprocess.Popen[bytes], Path]]


@pytest.fixture
def started(tmp_path: Path) -> Iterator[Started]:
    """Start a Python program as a part; all of them are gone afterwards."""
    files: list[Path] = []
    processes: list[subprocess.Popen[bytes]] = []

    def begin(program: str) -> tuple[subprocess.Popen[bytes], Path]:
        files.append(tmp_path / f"{len(files)}.pid")
        launch = Launch((sys.executable, "-c", program), dict(os.environ), tmp_path, tmp_path / "log")
        processes.append(start(launch, files[-1]))
        return processes[-1], files[-1]

    yield begin
    for process, file in zip(processes, files, strict=True):
        stop(file, grace_s=0.0)
        process.kill()  # whose pid file a test has removed
        process.wait()


def test_a_started_process_is_alive_and_stop_ends_it_and_drops_the_file(started: Started) -> None:
    process, file = started("import time; time.sleep(60)")
    record = recorded(file)
    assert record is not None
    assert record.pid == process.pid
    assert record.alive()
    assert 0 <= record.age_s < 20
    wait_for(lambda: memory_bytes(record) > 1_000_000, 20)  # an interpreter that has just begun has less
    assert stop(file, grace_s=5.0)
    assert not record.alive()
    assert not file.exists()
    assert process.wait() == -signal.SIGTERM


def test_a_killed_process_is_not_alive_even_while_it_is_a_zombie(started: Started) -> None:
    process, file = started("import time; time.sleep(60)")
    record = recorded(file)
    assert record is not None
    process.kill()
    wait_for(lambda: not record.alive(), 20)  # nobody has waited for it: it is a zombie
    assert process.wait() == -signal.SIGKILL


def test_what_ignores_the_polite_signal_is_killed_after_the_grace(started: Started, tmp_path: Path) -> None:
    ready = tmp_path / "ready"
    process, file = started(
        f"import signal, time, pathlib; signal.signal(signal.SIGTERM, signal.SIG_IGN);"
        f"pathlib.Path({str(ready)!r}).touch(); time.sleep(60)"
    )
    wait_for(ready.exists, 20)
    assert stop(file, grace_s=0.2)
    assert process.wait() == -signal.SIGKILL


def test_a_child_in_a_group_of_its_own_is_stopped_too_even_when_its_parent_was_killed(
    started: Started, tmp_path: Path
) -> None:
    # As pyspark's daemon does it: setpgid, so that a kill of the process group misses it.
    child = tmp_path / "child"
    process, file = started(
        "import subprocess, sys, time, pathlib;"
        "c = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)'], process_group=0);"
        f"pathlib.Path({str(child)!r}).write_text(str(c.pid)); time.sleep(60)"
    )
    wait_for(lambda: child.exists() and child.read_text() != "", 20)
    record = recorded(file)
    assert record is not None
    process.kill()
    process.wait()
    assert [member.pid for member in record.members()] == [int(child.read_text())]
    assert stop(file, grace_s=5.0)
    assert record.members() == []


def test_a_pid_file_of_another_boot_names_nobody(started: Started) -> None:
    process, file = started("import time; time.sleep(60)")
    record = json.loads(file.read_text())
    stale = file.with_name("stale.pid")
    stale.write_text(json.dumps(record | {"boot": "00000000-0000-0000-0000-000000000000"}))
    assert not stop(stale, grace_s=0.1)
    assert not stale.exists()
    assert process.poll() is None, "a stranger with the pid of a stale file must live"


def test_a_later_process_with_the_same_pid_is_a_stranger(started: Started) -> None:
    process, file = started("import time; time.sleep(60)")
    record = recorded(file)
    assert record is not None
    earlier = Recorded(record.pid, record.boot, record.started - 1)
    assert not earlier.alive()
    assert earlier.members() == []
    assert process.poll() is None


def test_no_file_and_half_a_file_both_mean_nobody(tmp_path: Path) -> None:
    assert recorded(tmp_path / "none.pid") is None
    (tmp_path / "half.pid").write_text('{"pid": 12')
    assert recorded(tmp_path / "half.pid") is None
    assert not stop(tmp_path / "half.pid", grace_s=0.1)


def test_a_large_log_is_put_aside_at_the_next_start(started: Started, tmp_path: Path) -> None:
    (tmp_path / "log").write_bytes(b"x" * 20_000_001)
    process, _ = started("print('new')")
    process.wait()
    assert (tmp_path / "log").read_text() == "new\n"
    assert (tmp_path / "log.1").stat().st_size == 20_000_001


def interrupted_start(folder: Path, disposition: str) -> subprocess.CompletedProcess[str]:
    """Start a part with ctrl-C at the worst moment: between the process's start and its pid file."""
    program = f"""
import os, signal, sys
from pathlib import Path
import headrace.local.process as process
signal.signal(signal.SIGINT, signal.{disposition})  # whatever the test runner was started with
really = process._started
def interrupted(pid):
    os.kill(os.getpid(), signal.SIGINT)
    return really(pid)
process._started = interrupted
folder = Path({str(folder)!r})
sleeper = (sys.executable, "-c", "import time; time.sleep(60)")
process.start(process.Launch(sleeper, dict(os.environ), folder, folder / "log"), folder / "part.pid")
print("went on")
"""
    return subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=False)


def test_an_interrupt_during_a_start_comes_after_the_pid_file(tmp_path: Path) -> None:
    try:
        done = interrupted_start(tmp_path, "default_int_handler")
        assert "KeyboardInterrupt" in done.stderr
        assert done.stdout == ""
        record = recorded(tmp_path / "part.pid")
        assert record is not None
        assert record.alive()
    finally:
        stop(tmp_path / "part.pid", grace_s=2.0)


def test_who_ignores_interrupts_is_not_stopped_by_one_during_a_start(tmp_path: Path) -> None:
    """As a job in the background of a script does."""
    try:
        done = interrupted_start(tmp_path, "SIG_IGN")
        assert (done.returncode, done.stdout) == (0, "went on\n"), done.stderr
        record = recorded(tmp_path / "part.pid")
        assert record is not None
        assert record.alive()
    finally:
        stop(tmp_path / "part.pid", grace_s=2.0)


def test_a_part_that_gives_way_runs_at_its_niceness_and_its_children_too(tmp_path: Path) -> None:
    program = "import subprocess, time; time.sleep(1); subprocess.run(['sleep', '60'])"
    launch = Launch((sys.executable, "-c", program), dict(os.environ), tmp_path, tmp_path / "log", niceness=7)
    process = start(launch, tmp_path / "part.pid")
    try:
        record = recorded(tmp_path / "part.pid")
        assert record is not None
        wait_for(lambda: len(record.members()) == 2, 20)
        assert [member.nice() for member in record.members()] == [7, 7]
    finally:
        stop(tmp_path / "part.pid", grace_s=1.0)
        process.wait()


def test_the_timers_of_a_part_and_its_children_may_be_late_and_those_of_its_starter_may_not(tmp_path: Path) -> None:
    tell = "print(open('/proc/self/timerslack_ns').read(), end='', flush=True)"
    program = f"import subprocess, sys; {tell}; subprocess.run([sys.executable, '-c', {tell!r}])"
    launch = Launch((sys.executable, "-c", program), dict(os.environ), tmp_path, tmp_path / "log", timer_slack_us=500)
    assert start(launch, tmp_path / "pid").wait(10) == 0
    assert launch.log.read_text(encoding="ascii").split() == ["500000", "500000"]
    assert Path("/proc/self/timerslack_ns").read_text(encoding="ascii").strip() == "50000"
