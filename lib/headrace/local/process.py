"""A process of the local stack that outlives its starter, told from a stranger with the same pid. No waiting for work.

Each one leads a session of its own (setsid), and the session is the unit that is measured and stopped: Spark's Python
workers leave their parent's process group, but not its session.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import threading
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import psutil

BOOT_ID = Path("/proc/sys/kernel/random/boot_id")
POLL_S = 0.05
LOG_LIMIT_BYTES = 20_000_000


@dataclass(frozen=True, slots=True)
class Launch:
    """What to run and where it writes. `environ` is the whole environment.

    niceness       0 to 19: 19 gives way to all
    timer_slack_us how late its timers may fire, microseconds; 0 is the kernel's default of 50
    """

    command: tuple[str, ...]
    environ: Mapping[str, str]
    folder: Path
    log: Path
    niceness: int = 0
    timer_slack_us: int = 0


@dataclass(frozen=True, slots=True)
class Recorded:
    """A pid file: the session's leader, and what tells it from a later process with its pid."""

    pid: int
    boot: str
    started: int

    def alive(self) -> bool:
        """Is the leader itself still running? False after a reboot, whoever has its pid now."""
        return self.boot == _boot() and _started(self.pid) == self.started

    def members(self) -> list[psutil.Process]:
        """Every live process of the session; also those that a killed leader left behind."""
        # A pid is not given out again while a session bears it. So: the same boot, and nobody else at that pid.
        if self.boot != _boot() or _started(self.pid) not in (None, self.started):
            return []
        return [process for process in psutil.process_iter() if _session_of(process) == self.pid]

    @property
    def age_s(self) -> float:
        """Seconds since the leader started."""
        return time.clock_gettime(time.CLOCK_BOOTTIME) - self.started / os.sysconf("SC_CLK_TCK")


def start(launch: Launch, pid_file: Path) -> subprocess.Popen[bytes]:
    """Start it in a session of its own and write its pid file. An interrupt waits until both are done."""
    for folder in (launch.folder, launch.log.parent, pid_file.parent):
        folder.mkdir(parents=True, exist_ok=True)
    _rotate(launch.log)
    with _uninterrupted(), launch.log.open("ab") as log, _timer_slack(launch.timer_slack_us):
        process = subprocess.Popen(
            launch.command,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            cwd=launch.folder,
            env=dict(launch.environ),
            start_new_session=True,
        )
        _give_way(process.pid, launch.niceness)
        record = {"pid": process.pid, "boot": _boot(), "started": _started(process.pid) or 0}
        draft = pid_file.with_suffix(".draft")
        draft.write_text(json.dumps(record), encoding="utf-8")
        draft.replace(pid_file)
    return process


def recorded(pid_file: Path) -> Recorded | None:
    """What the pid file says, or None where there is none."""
    try:
        record = json.loads(pid_file.read_text(encoding="utf-8"))
        return Recorded(int(record["pid"]), str(record["boot"]), int(record["started"]))
    except (FileNotFoundError, json.JSONDecodeError, KeyError):  # half a file: the machine lost power while writing
        return None


def stop(pid_file: Path, grace_s: float) -> bool:
    """End the session that the pid file names, first with SIGTERM, after `grace_s` with SIGKILL; drop the file.

    True when something of it was still running. Nothing that the file does not name is touched.
    """
    record = recorded(pid_file)
    members = record.members() if record else []
    for number, wait_s in ((signal.SIGTERM, grace_s), (signal.SIGKILL, 5.0)):
        for process in record.members() if record else []:
            with contextlib.suppress(psutil.NoSuchProcess):
                process.send_signal(number)
        deadline = time.monotonic() + wait_s
        while record and record.members() and time.monotonic() < deadline:
            time.sleep(POLL_S)
    pid_file.unlink(missing_ok=True)
    return bool(members)


def memory_bytes(record: Recorded) -> int:
    """Resident memory of the whole session; of what several processes share, each has its share (Linux's PSS)."""
    total = 0
    for process in record.members():
        with contextlib.suppress(psutil.NoSuchProcess):
            total += process.memory_full_info().pss
    return total


def _boot() -> str:
    return BOOT_ID.read_text(encoding="ascii").strip()


def _started(pid: int) -> int | None:
    """Clock ticks from boot to this process's start; None for a pid that is free or a zombie."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8")
    except (FileNotFoundError, ProcessLookupError):
        return None
    fields = stat[stat.rindex(")") + 2 :].split()  # the name before ")" may hold spaces
    return None if fields[0] == "Z" else int(fields[19])


def _session_of(process: psutil.Process) -> int | None:
    try:
        return None if process.status() == psutil.STATUS_ZOMBIE else os.getsid(process.pid)
    except (psutil.NoSuchProcess, ProcessLookupError):
        return None


def _give_way(pid: int, niceness: int) -> None:
    """Before it has any child. Linux weighs sessions first, where autogroups are on, and processes within them."""
    if niceness:
        os.setpriority(os.PRIO_PROCESS, pid, niceness)
        with contextlib.suppress(OSError):  # a kernel without autogroups
            Path(f"/proc/{pid}/autogroup").write_text(str(niceness), encoding="ascii")


@contextlib.contextmanager
def _timer_slack(slack_us: int) -> Iterator[None]:
    """What is started meanwhile, and all its threads, inherit it from this thread: only root may set another's."""
    own = Path(f"/proc/{threading.get_native_id()}/timerslack_ns")
    if not slack_us or not own.exists():
        yield
        return
    own.write_text(str(slack_us * 1_000), encoding="ascii")
    try:
        yield
    finally:
        own.write_text("0", encoding="ascii")  # the default again


def _rotate(log: Path) -> None:
    if log.exists() and log.stat().st_size > LOG_LIMIT_BYTES:
        log.replace(log.with_name(log.name + ".1"))


@contextlib.contextmanager
def _uninterrupted() -> Iterator[None]:
    """ctrl-C between a start and its pid file would leave a process that nobody knows: it comes after instead."""
    if threading.current_thread() is not threading.main_thread():  # signals reach the main thread only
        yield
        return
    pending: list[int] = []
    before = signal.signal(signal.SIGINT, lambda number, _frame: pending.append(number))
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
    if pending:
        signal.raise_signal(signal.SIGINT)  # not an error of our own: who ignores ctrl-C goes on
