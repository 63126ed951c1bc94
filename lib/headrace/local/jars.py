"""The jars of the servers and of Spark, on this machine and with the locked bytes. It runs none of them.

`python -m headrace.local.jars lock` resolves the roots anew and writes conf/jars.lock (make lock-jars).
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import re
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from headrace.errors import HeadraceError, MachineUnfit
from headrace.local.checkout import JARS_LOCK, pyspark_home
from headrace.local.ivy import fetch, resolve
from headrace.local.jar_lock import Jar, JarSet, digest, format_lock, missing, read_jar, read_lock, verify
from headrace.local.java import Java, find_java
from headrace.settings import Settings

ROOTS = {
    # The binding is ours: Kafka brings the log4j API and core, but nothing that connects slf4j to them.
    "kafka": ("org.apache.kafka:kafka_2.13:4.1.1", "org.apache.logging.log4j:log4j-slf4j-impl:2.24.3"),
    "cassandra": ("org.apache.cassandra:cassandra-all:5.0.6",),
    "spark": (
        "io.delta:delta-spark_4.2_2.13:4.4.0",
        "org.apache.spark:spark-sql-kafka-0-10_2.13:4.2.0",
        "com.globalmentor:hadoop-bare-naked-local-fs:0.1.0",
    ),
}


def spark_jars(settings: Settings) -> list[Path]:
    """Delta and the Kafka source for Spark, fetched if need be; what pyspark brings is not among them."""
    return jar_paths(settings.paths.cache, "spark")


def spark_packages() -> tuple[str, ...]:
    """The same as coordinates, for a cluster that fetches for itself."""
    return read_lock(JARS_LOCK)["spark"].roots


def jar_paths(cache: Path, name: str) -> list[Path]:
    """Every jar of a set, fetched if need be, each with the locked bytes.

    Nothing is fetched, and Java is not asked for, when all of them are there. Raises MachineUnfit for other bytes.
    """
    jar_set = read_lock(JARS_LOCK)[name]
    folder = cache / "jars" / name
    folder.mkdir(parents=True, exist_ok=True)
    if missing(jar_set, folder):
        with _alone(cache):
            # Asked again: whoever held the lock may have fetched them meanwhile.
            _fetch_missing(jar_set, missing(jar_set, folder), folder)
    return [folder / jar.file for jar in jar_set.jars]


def _fetch_missing(jar_set: JarSet, absent: Sequence[Jar], folder: Path) -> None:
    if not absent:
        return
    java = find_java()
    ivy_cache = folder.parent.parent / "ivy" / jar_set.name
    with (
        _progress(f"fetching {jar_set.name}", len(absent)) as advance,
        tempfile.TemporaryDirectory(dir=folder) as scratch,
    ):
        fetch(java, absent, Path(scratch), ivy_cache, advance)
        arrived = {_coordinate(path): path for path in Path(scratch).glob("*.jar")}
        for jar in absent:
            if jar.coordinate not in arrived:
                raise MachineUnfit(f"{jar.coordinate} was not delivered; is the network there? Start again.")
            verify(jar, arrived[jar.coordinate])
            arrived[jar.coordinate].replace(folder / jar.file)
    shutil.rmtree(ivy_cache, ignore_errors=True)
    missing(jar_set, folder)  # leaves the stamps, so that the next start hashes nothing


@contextlib.contextmanager
def _alone(cache: Path) -> Iterator[None]:
    """One fetcher per cache: two stacks that start together would download everything twice."""
    with (cache / "fetch.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


@contextlib.contextmanager
def _progress(title: str, total: int) -> Iterator[Callable[[], None]]:
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True)) as progress:
        task = progress.add_task(title, total=total)
        yield lambda: progress.advance(task)


def _coordinate(path: Path) -> str:
    return path.name.removesuffix(".jar").replace("~", ":")


def lock_all(lock: Path) -> None:
    """Resolve every set's roots anew and write the lock. For maintainers; the network decides what is locked."""
    java = find_java()
    lock.write_text(format_lock([_locked(java, name, roots) for name, roots in ROOTS.items()]), encoding="utf-8")


def _locked(java: Java, name: str, roots: tuple[str, ...]) -> JarSet:
    with tempfile.TemporaryDirectory() as scratch:
        resolve(java, roots, Path(scratch), Path(scratch) / "ivy", lambda: None)
        paths = {_coordinate(path): path for path in Path(scratch).glob("*.jar")}
        there = _brought_by_pyspark() if name == "spark" else frozenset()
        jars = tuple(
            read_jar(coordinate, digest(path))
            for coordinate, path in sorted(paths.items())
            if coordinate.split(":")[1] not in there
        )
    return JarSet(name, roots, jars)


def _brought_by_pyspark() -> frozenset[str]:
    """Names of artifacts that pyspark has in some version: a second version on its class path is a lottery."""
    files = (path.name for path in (pyspark_home() / "jars").glob("*.jar"))
    return frozenset(re.sub(r"-\d[^/]*\.jar$", "", file) for file in files)


def main(arguments: Sequence[str]) -> int:
    """`lock` writes the lock, `fetch` warms the cache; both into HEADRACE__PATHS__CACHE or ~/.cache/headrace."""
    cache = Path(os.environ.get("HEADRACE__PATHS__CACHE", "~/.cache/headrace")).expanduser()
    try:
        if list(arguments) == ["lock"]:
            lock_all(JARS_LOCK)
        elif list(arguments) == ["fetch"]:
            for name in ROOTS:
                jar_paths(cache, name)
        else:
            print("usage: python -m headrace.local.jars lock|fetch", file=sys.stderr)
            return 2
    except HeadraceError as error:
        print(f"headrace: {error}", file=sys.stderr)
        return error.exit_code
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
