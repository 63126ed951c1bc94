"""The training job run to its end as a process of its own, with its log. What it does is headrace.learn's."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

from headrace.errors import PartFailed
from headrace.local.checkout import ROOT
from headrace.local.job import job_command, job_environ
from headrace.settings import Settings


def run_training(settings: Settings, conf: Path, *flags: str) -> Path:
    """Submit jobs/train.py with these flags for this world and wait; its log. Raises PartFailed with its last line.

    Interrupting this interrupts it: it stays in our process group.
    """
    log = settings.paths.var / "logs" / f"{settings.world.name}.train.log"
    log.parent.mkdir(parents=True, exist_ok=True)
    command, environ = job_command(settings, conf, "train", *flags), job_environ(settings, os.environ)
    with log.open("wb") as out:
        done = subprocess.run(
            command, cwd=ROOT, env=environ, stdin=subprocess.DEVNULL, stdout=out, stderr=out, check=False
        )
    if done.returncode:
        said = [line for line in log.read_text(encoding="utf-8", errors="replace").splitlines() if line.strip()]
        raise PartFailed(f"training failed with exit code {done.returncode}: {said[-1] if said else ''} (see {log})")
    return log
