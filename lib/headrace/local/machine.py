"""Is this machine fit for the stack? Java, Python, memory, disk, ports, file handles. It changes nothing."""

from __future__ import annotations

import importlib.metadata
import resource
import shutil
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import psutil

from headrace.errors import MachineUnfit
from headrace.local.java import find_java
from headrace.local.part import Part
from headrace.local.tcp import holder, is_free

MIB = 1_048_576
SPARE_MB = 800  # what the machine itself and a training's first minute take beside the parts
NEEDED_DISK_MB = 5_000
NEEDED_HANDLES = 4_096  # Cassandra and RocksDB keep a file open per table part
NEEDED_PYTHON = (3, 11)
CGROUP = Path("/sys/fs/cgroup")
NAMED_VERSIONS = ("headrace", "pyspark", "delta-spark", "kafka-python", "acsylla", "numpy")

Verdict = Literal["good", "warning", "bad"]


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at. `remedy` says what to do unless all is good."""

    subject: str
    verdict: Verdict
    found: str
    remedy: str = ""


def examine(var: Path, missing: Iterable[Part]) -> tuple[Finding, ...]:
    """Everything that `up` needs of this machine to start the parts that are `missing`."""
    parts = tuple(missing)
    return (
        _python(),
        _java(),
        _memory(sum(part.memory_mb for part in parts)),
        _disk(var),
        *(_port(part.name, host, port) for part in parts for host, port in part.ports),
        _handles(),
        _versions(),
    )


def refuse_unfit(findings: Iterable[Finding]) -> None:
    """Raises MachineUnfit with the first bad finding."""
    for finding in findings:
        if finding.verdict == "bad":
            raise MachineUnfit(f"{finding.subject}: {finding.found}; {finding.remedy}")


def _python() -> Finding:
    found = ".".join(map(str, sys.version_info[:3]))
    if sys.version_info[:2] < NEEDED_PYTHON:
        return Finding("Python", "bad", found, "install Python 3.11 or newer and run `make setup` with it")
    return Finding("Python", "good", found)


def _java() -> Finding:
    try:
        java = find_java()
    except MachineUnfit as error:
        found, _, remedy = str(error).partition(": ")
        return Finding("Java", "bad", found, remedy)
    return Finding("Java", "good", f"{java.version} at {java.path}")


def _memory(parts_mb: int) -> Finding:
    available, needed = available_memory_mb(), parts_mb + SPARE_MB if parts_mb else 0
    found = f"{available / 1024:.1f} GB available, {needed / 1024:.1f} GB needed for what is not running"
    if available < needed:
        return Finding("memory", "bad", found, "close other programs, or set smaller heaps (kafka.heap_mb, …)")
    return Finding("memory", "good", found)


def available_memory_mb() -> int:
    """What new processes can take without swapping; a container's own limit counts."""
    available = psutil.virtual_memory().available // MIB
    limit, used = _number(CGROUP / "memory.max"), _number(CGROUP / "memory.current")
    return available if limit is None or used is None else min(available, (limit - used) // MIB)


def _number(file: Path) -> int | None:
    try:
        return int(file.read_text(encoding="ascii"))
    except (OSError, ValueError):  # no such limit: the file is missing, or says "max"
        return None


def _disk(var: Path) -> Finding:
    there = next(folder for folder in (var, *var.parents) if folder.exists())
    free_mb = shutil.disk_usage(there).free // MIB
    found = f"{free_mb / 1024:.1f} GB free at {var}, {NEEDED_DISK_MB / 1024:.1f} GB needed"
    if free_mb < NEEDED_DISK_MB:
        return Finding("disk", "bad", found, "free some, or set paths.var to a larger disk")
    return Finding("disk", "good", found)


def _port(part: str, host: str, port: int) -> Finding:
    subject = f"port {port}"
    if is_free(host, port):
        return Finding(subject, "good", f"free on {host}, for {part}")
    return Finding(
        subject, "bad", f"needed by {part}, is taken on {host} {holder(port)}", "stop that, or set another port"
    )


def _handles() -> Finding:
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard != resource.RLIM_INFINITY and hard < NEEDED_HANDLES:
        return Finding("open files", "warning", f"at most {hard}", f"raise `ulimit -Hn` to {NEEDED_HANDLES}")
    return Finding("open files", "good", "no limit" if hard == resource.RLIM_INFINITY else f"at most {hard}")


def _versions() -> Finding:
    missing = [name for name in NAMED_VERSIONS if not _version(name)]
    if missing:
        return Finding("packages", "bad", f"{', '.join(missing)} not installed", "run `make setup`")
    return Finding("packages", "good", ", ".join(f"{name} {_version(name)}" for name in NAMED_VERSIONS))


def _version(name: str) -> str:
    try:
        return importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return ""
