"""Fill the archive of Spark's classes, once for an environment: by a run of class_exercise.py."""

from __future__ import annotations

import contextlib
import fcntl
import os
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

from headrace.local.class_archive import PART, class_archive
from headrace.local.jars import spark_jars
from headrace.local.java import find_java
from headrace.local.submit import EXERCISE, submission
from headrace.settings import Settings

LIMIT_S: Final = 300.0
"""It takes half a minute on two cores."""


def archive_classes(settings: Settings, say: Callable[[str], None]) -> None:
    """Fill the archive where it is not there, one at a time. Kafka runs, and the world has its topics.

    Without it all is as it should be but for seconds of each start, so what hinders it is said and ends nothing.
    """
    archive = class_archive(find_java(), spark_jars(settings))
    if archive.is_file():
        return
    log = settings.paths.var / "logs" / "class-archive.log"
    try:
        archive.parent.mkdir(parents=True, exist_ok=True)
        with _alone(archive.parent):
            if archive.is_file():  # whoever held the lock has filled it
                return
            say("archiving Spark's classes, once, for quicker starts")
            _fill(archive, settings, log)
    except (OSError, subprocess.SubprocessError) as error:
        say(f"no archive of Spark's classes, so each job starts slower: {error}; what it said is in {log}")


def _fill(archive: Path, settings: Settings, log: Path) -> None:
    planned = submission(settings, EXERCISE, ("--world", settings.world.name), os.environ)
    part = archive.with_name(archive.name + PART)
    part.unlink(missing_ok=True)
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("wb") as said:
        subprocess.run(
            planned.command,
            env=dict(planned.environ),
            stdin=subprocess.DEVNULL,
            stdout=said,
            stderr=subprocess.STDOUT,
            timeout=LIMIT_S,
            check=True,
        )
    for other in archive.parent.glob("spark-*.jsa"):  # of a Java or jars that are here no longer
        other.unlink()
    part.replace(archive)


@contextlib.contextmanager
def _alone(folder: Path) -> Iterator[None]:
    with (folder / "archive.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
