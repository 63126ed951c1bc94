"""What code computed an answer: version, lock and CPU class as one text, for the decision record."""

from __future__ import annotations

import hashlib
import platform
from pathlib import Path

from headrace import __version__

CPU_INFO = Path("/proc/cpuinfo")


def build_text(lock: Path) -> str:
    """For example `headrace 0.1.0, lock 3f2a9c01, Python 3.11.7, x86_64 Intel(R) Xeon(R)`."""
    locked = hashlib.sha256(lock.read_bytes()).hexdigest()[:8] if lock.is_file() else "none"
    return f"headrace {__version__}, lock {locked}, Python {platform.python_version()}, {platform.machine()} {_cpu()}"


def _cpu() -> str:
    if not CPU_INFO.is_file():
        return platform.processor()
    names = [line for line in CPU_INFO.read_text().splitlines() if line.startswith("model name")]
    return names[0].partition(":")[2].strip() if names else platform.processor()
