"""Where the project's own files lie: programs, settings, jar lock, interpreter. Nothing that the stack writes."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
CONF = ROOT / "conf"
JARS_LOCK = CONF / "jars.lock"
PYTHON = Path(sys.executable)


def pyspark_home() -> Path:
    """The pyspark wheel's folder, found without importing pyspark, which takes half a second."""
    spec = importlib.util.find_spec("pyspark")
    if spec is None or spec.origin is None:
        raise ModuleNotFoundError("pyspark is not installed here; run `make setup`")
    return Path(spec.origin).parent
