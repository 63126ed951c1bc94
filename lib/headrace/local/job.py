"""A job of this checkout as a process of its own: its command and its environment. It starts nothing."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from headrace.local.checkout import PYTHON, ROOT
from headrace.settings import Settings

SPARK_JOBS = frozenset({"ingest", "hot", "ledger", "features", "train", "maintain", "backfill", "parity"})


def job_command(settings: Settings, conf: Path, name: str, *arguments: str) -> tuple[str, ...]:
    """jobs/<name>.py of this world, through spark-submit.sh where it is a Spark job."""
    program = ROOT / "jobs" / f"{name}.py"
    start = str(ROOT / "spark-submit.sh") if name in SPARK_JOBS else str(PYTHON)
    flags = ("--world", settings.world.name, "--profile", settings.profile, "--conf", str(conf.absolute()))
    return (start, str(program), *flags, *arguments)


def job_environ(settings: Settings, environ: Mapping[str, str]) -> dict[str, str]:
    """`environ` with our interpreter, var and cache as they were resolved here, and no buffer before the job's log."""
    return dict(environ) | {
        "HEADRACE__PATHS__VAR": str(settings.paths.var),
        "HEADRACE__PATHS__CACHE": str(settings.paths.cache),
        "HEADRACE_PYTHON": str(PYTHON),
        "PYTHONUNBUFFERED": "1",
    }
