"""Spark's classes as Java keeps them in memory: read, parsed and verified once, and mapped by every start after that.

Java's class data sharing (JEP 350). It starts nothing; what fills the archive is class_exercise.py. Java refuses an
archive of other jars, or of another Java, and goes on without.
"""

from __future__ import annotations

import hashlib
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from headrace.local.checkout import pyspark_home
from headrace.local.java import Java

FOLDER: Final = Path(sys.prefix) / "share" / "headrace"
"""Beside the pyspark whose jars it is of, and gone with it."""

PART: Final = ".part"

_WHERE_IT_SAYS: Final = (
    "-XX:+IgnoreUnrecognizedVMOptions",
    "-XX:+UnlockDiagnosticVMOptions",
    "-XX:ArchiveRelocationMode=0",
)
"""At another address, which is what newer builds choose, each program rewrites its whole copy and shares none of it."""


def class_archive(java: Java, jars: Sequence[Path]) -> Path:
    """The archive's file for this Java, this environment's pyspark and these jars before its; it need not be there.

    Another name for each, so that none is ever stale. A jar that is not there counts by its name alone.
    """
    every = (java.home / "lib" / "server" / "libjvm.so", *jars, *sorted((pyspark_home() / "jars").glob("*.jar")))
    named = hashlib.blake2b("\n".join(map(_stamp, every)).encode(), digest_size=8).hexdigest()
    return FOLDER / f"spark-{named}.jsa"


def mapping_flags(archive: Path) -> tuple[str, ...]:
    """Java's flags to start from the archive; none where it is not there."""
    return (f"-XX:SharedArchiveFile={archive}", *_WHERE_IT_SAYS) if archive.is_file() else ()


def filling_flags(archive: Path) -> tuple[str, ...]:
    """Java's flags to write what it has loaded, as it ends, to the archive's file with PART after it.

    What it leaves out (signed jars, classes that Spark generates) it would name one by one.
    """
    return (f"-XX:ArchiveClassesAtExit={archive}{PART}", "-Xlog:cds=error", "-Xlog:cds+dynamic=error")


def _stamp(file: Path) -> str:
    if not file.is_file():
        return str(file)
    found = file.stat()
    return f"{file} {found.st_size} {found.st_mtime_ns}"
