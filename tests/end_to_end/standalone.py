"""A real Spark standalone cluster on loopback: a master, and workers that can be killed as a machine dies.

All of it is stopped when the block ends, or when this process does.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import urllib.error
import urllib.request
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import psutil

from headrace.local.checkout import PYTHON, ROOT, pyspark_home
from headrace.local.java import find_java
from headrace.local.process import Launch, recorded, start, stop
from tests.conftest import free_ports, wait_for

GRACE_S = 10.0
STOP = "import sys, pathlib; from headrace.local.process import stop; [stop(pathlib.Path(p), 5) for p in sys.argv[1:]]"


@dataclass(frozen=True, slots=True)
class Standalone:
    """The master's address and page, and the folder of each worker: its pid file, its log, what its executors wrote."""

    master: str
    page: str
    workers: tuple[Path, ...]

    def ready(self) -> bool:
        """Has every worker found the master?"""
        return _alive_workers(self.page) == len(self.workers)

    def kill(self, worker: int) -> Counter[str]:
        """SIGKILL to the worker and to all that it started, at once; how many processes of each name that was."""
        record = recorded(self.workers[worker] / "pid")
        assert record is not None, f"worker {worker} was not started"
        victims = record.members()
        names = Counter(victim.name() for victim in victims)
        for victim in victims:
            with suppress(psutil.NoSuchProcess):
                victim.send_signal(signal.SIGKILL)
        wait_for(lambda: not record.members(), GRACE_S)
        return names


@contextmanager
def standalone_cluster(folder: Path, workers: int = 1, cores: int = 1, memory: str = "1g") -> Iterator[Standalone]:
    """A master with so many workers, started and not awaited.

    `cores` are slots of a worker: threads, so it may have more than the machine.
    """
    port, page_port = free_ports(2)
    page, master = f"http://127.0.0.1:{page_port}", f"spark://127.0.0.1:{port}"
    home, places = folder / "master", tuple(folder / f"worker-{number}" for number in range(1, workers + 1))
    with ExitStack() as ended, _stopped_at_the_end([place / "pid" for place in (home, *places)]):
        program = _start(home, "master.Master", "--port", str(port), "--webui-port", str(page_port))
        ended.callback(program.wait, GRACE_S)
        for place in places:
            slots = ("--cores", str(cores), "--memory", memory)
            program = _start(place, "worker.Worker", "--webui-port", "0", "--work-dir", str(place), *slots, master)
            ended.callback(program.wait, GRACE_S)
        yield Standalone(master, page, places)


def _start(folder: Path, role: str, *arguments: str) -> subprocess.Popen[bytes]:
    environ = dict(os.environ) | {
        "JAVA_HOME": str(find_java(os.environ).home),
        "SPARK_LOCAL_IP": "127.0.0.1",
        "SPARK_DAEMON_MEMORY": "128m",
        "SPARK_LOCAL_DIRS": str(folder / "local"),  # what a killed executor leaves goes with the folder
        "PYSPARK_PYTHON": str(PYTHON),
    }
    program = str(pyspark_home() / "bin" / "spark-class")
    command = (program, f"org.apache.spark.deploy.{role}", "--host", "127.0.0.1", *arguments)
    return start(Launch(command, environ, folder, folder / "log"), folder / "pid")


@contextmanager
def _stopped_at_the_end(pid_files: Sequence[Path]) -> Iterator[None]:
    """Also when this process is killed: the guard's standard input ends with it."""
    guard = subprocess.Popen(
        ("/bin/sh", "-c", 'cat > /dev/null; exec "$@"', "guard", str(PYTHON), "-c", STOP, *map(str, pid_files)),
        stdin=subprocess.PIPE,
        env=dict(os.environ) | {"PYTHONPATH": str(ROOT / "lib")},
        start_new_session=True,
    )
    try:
        yield
    finally:
        for pid_file in reversed(pid_files):
            stop(pid_file, GRACE_S)
        guard.communicate()


def _alive_workers(page: str) -> int:
    """As the master's page says in JSON; 0 where there is none yet, or its front page answers for all."""
    try:
        with urllib.request.urlopen(f"{page}/json/", timeout=2) as answer:
            return int(json.load(answer)["aliveworkers"])
    except (urllib.error.URLError, OSError, json.JSONDecodeError):
        return 0
