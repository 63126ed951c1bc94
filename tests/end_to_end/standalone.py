"""A real Spark standalone cluster of one master and one worker on loopback, stopped when the block ends."""

from __future__ import annotations

import os
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from headrace.local.checkout import PYTHON, pyspark_home
from headrace.local.java import find_java
from tests.conftest import free_ports

STARTED_S = 60


@contextmanager
def standalone_cluster(folder: Path) -> Iterator[str]:
    """The address of a master that has a worker of one core and 1 GiB. `folder` gets logs and work."""
    port, page, worker_port, worker_page = free_ports(4)
    master = f"spark://127.0.0.1:{port}"
    at = ("--host", "127.0.0.1")
    with ExitStack() as running:
        _start(running, folder, "master.Master", *at, "--port", str(port), "--webui-port", str(page))
        _wait_for(f"http://127.0.0.1:{page}", "Spark Master")
        ports = ("--port", str(worker_port), "--webui-port", str(worker_page), "--work-dir", str(folder))
        _start(running, folder, "worker.Worker", *at, *ports, "--cores", "1", "--memory", "1g", master)
        _wait_for(f"http://127.0.0.1:{page}", f"127.0.0.1:{worker_port}")
        yield master


def _start(running: ExitStack, folder: Path, role: str, *arguments: str) -> None:
    environ = dict(os.environ) | {
        "JAVA_HOME": str(find_java(os.environ).home),
        "SPARK_LOCAL_IP": "127.0.0.1",
        "SPARK_DAEMON_MEMORY": "256m",
        "PYSPARK_PYTHON": str(PYTHON),
    }
    log = running.enter_context((folder / f"{role}.log").open("w"))
    process = subprocess.Popen(
        (str(pyspark_home() / "bin" / "spark-class"), f"org.apache.spark.deploy.{role}", *arguments),
        stdout=log,
        stderr=subprocess.STDOUT,
        env=environ,
        cwd=folder,
    )
    running.callback(process.wait, 30)
    running.callback(process.terminate)


def _wait_for(page: str, text: str) -> None:
    deadline = time.monotonic() + STARTED_S
    while not _shows(page, text):
        assert time.monotonic() < deadline, f"{page} does not show {text!r} after {STARTED_S} s"
        time.sleep(0.3)


def _shows(page: str, text: str) -> bool:
    try:
        with urllib.request.urlopen(page, timeout=2) as answer:
            return text in answer.read().decode()
    except (urllib.error.URLError, OSError):
        return False
