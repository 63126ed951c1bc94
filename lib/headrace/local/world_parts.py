"""The jobs of a world, from ingest to serve. The servers that they need have own files."""

from __future__ import annotations

import os
import urllib.error
import urllib.request
from pathlib import Path

from headrace.local.checkout import ROOT
from headrace.local.job import job_command, job_environ
from headrace.local.niceness import niceness
from headrace.local.part import Part
from headrace.local.process import Launch, recorded
from headrace.ready import read_ready, ready_file
from headrace.settings import Settings

# Order of their start; they stop in the reverse one, so that the door closes first and what came in is carried through.
JOBS = ("ingest", "live", "hot", "ledger", "features", "trends", "serve")
MEMORY_MB = {
    "ingest": 1000,
    "live": 150,
    "hot": 1300,
    "ledger": 1000,
    "features": 1500,
    "trends": 150,
    "serve": 600,
}  # measured, rounded up


def world_parts(settings: Settings, conf: Path) -> tuple[Part, ...]:
    """The jobs of these settings' world, in the order of their start."""
    return tuple(_job(settings, conf, name) for name in JOBS)


def _job(settings: Settings, conf: Path, name: str) -> Part:
    world, serving = settings.world.name, name == "serve"
    address = (settings.serve.host, settings.serve.port)
    pid_file = settings.world_dir / "run" / f"{name}.pid"
    log = settings.paths.var / "logs" / f"{world}.{name}.log"

    def prepare() -> Launch:
        ready_file(settings, name).unlink(missing_ok=True)  # the last run's
        return Launch(
            command=job_command(settings, conf, name),
            environ=job_environ(settings, os.environ),
            folder=ROOT,
            log=log,
            niceness=niceness(settings, name),
        )

    def ready() -> bool:
        if serving:
            return _answers_ready(*address)
        pid, record = read_ready(settings, name).get("pid"), recorded(pid_file)
        return record is not None and isinstance(pid, int) and _is_in_session(pid, record.pid)

    return Part(
        name=name,
        world=world,
        address=f"http://{address[0]}:{address[1]}" if serving else "",
        memory_mb=MEMORY_MB[name],
        ports=(address,) if serving else (),
        pid_file=pid_file,
        log=log,
        grace_s=20.0,
        prepare=prepare,
        ready=ready,
    )


def _is_in_session(pid: int, session: int) -> bool:
    try:
        return os.getsid(pid) == session
    except ProcessLookupError:
        return False


def _answers_ready(host: str, port: int) -> bool:
    try:
        with urllib.request.urlopen(f"http://{host}:{port}/readyz", timeout=2) as answer:
            return bool(answer.status == 200)
    except (urllib.error.URLError, OSError):
        return False
