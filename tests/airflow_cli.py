"""A real Airflow on SQLite, called as a command in its own environment and its own folder."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from headrace.program import ROOT

BIN = ROOT / ".venv-airflow" / "bin"


@dataclass(frozen=True, slots=True)
class Airflow:
    """Commands of one Airflow installation; `environ` is all that they see."""

    environ: Mapping[str, str]
    home: Path

    def __call__(
        self, *arguments: str, program: str = "airflow", seconds: int = 600
    ) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [str(BIN / program), *arguments],
            env=dict(self.environ),
            cwd=self.home,
            capture_output=True,
            text=True,
            timeout=seconds,
            check=False,
        )

    def rows(self, *arguments: str) -> list[dict[str, Any]]:
        """What a listing command prints as JSON; Airflow may print warnings above it."""
        answer = self(*arguments, "--output", "json")
        assert answer.returncode == 0, answer.stderr
        listed: list[dict[str, Any]] = json.loads(answer.stdout.splitlines()[-1])
        return listed


def migrated(home: Path) -> Airflow:
    """Airflow with its folder at `home`: database made, the DAGs of dags/ read."""
    installed = Airflow(
        os.environ
        | {
            "AIRFLOW_HOME": str(home),
            "AIRFLOW__CORE__DAGS_FOLDER": str(ROOT / "dags"),
            "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
            "AIRFLOW__LOGGING__LOGGING_LEVEL": "WARNING",
            "NO_COLOR": "1",
            "COLUMNS": "200",
        },
        home,
    )
    for command in (("db", "migrate"), ("dags", "reserialize")):
        answer = installed(*command)
        assert answer.returncode == 0, answer.stderr
    return installed
