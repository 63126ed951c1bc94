"""`make airflow`: the scheduler works, the page answers, the DAGs are there."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import urllib.error
import urllib.request
from contextlib import suppress
from pathlib import Path

import pytest

from headrace.program import ROOT
from tests.conftest import free_ports, wait_for

pytestmark = pytest.mark.airflow


def health(port: int) -> dict[str, dict[str, str]]:
    """What each part of Airflow says of itself; {} before the page answers."""
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/api/v2/monitor/health", timeout=5) as answer:
            return dict(json.load(answer))
    except (urllib.error.URLError, OSError):
        return {}


def test_make_airflow_brings_up_a_healthy_scheduler_and_page(tmp_path: Path) -> None:
    page, logs, triggers = free_ports(3)
    environ = dict(os.environ) | {
        "AIRFLOW_HOME": str(tmp_path),
        "AIRFLOW__API__PORT": str(page),
        "AIRFLOW__LOGGING__WORKER_LOG_SERVER_PORT": str(logs),
        "AIRFLOW__LOGGING__TRIGGER_LOG_SERVER_PORT": str(triggers),
    }
    with (tmp_path / "out").open("wb") as out:
        process = subprocess.Popen(
            ["make", "airflow"], cwd=ROOT, env=environ, stdout=out, stderr=out, start_new_session=True
        )
        try:
            wait_for(lambda: health(page).get("scheduler", {}).get("status") == "healthy", 180)
            assert health(page)["metadatabase"]["status"] == "healthy"
        finally:
            for number in (signal.SIGTERM, signal.SIGKILL):
                with suppress(ProcessLookupError, subprocess.TimeoutExpired):
                    os.killpg(process.pid, number)
                    process.wait(20)
