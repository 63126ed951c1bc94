"""An unfit machine is told in one line before anything is started."""

import socket
import sys
from pathlib import Path

import pytest

from headrace.errors import MachineUnfit
from headrace.local import machine
from headrace.local.java import find_java
from headrace.local.machine import Finding, examine, refuse_unfit
from headrace.local.part import Part
from headrace.local.process import Launch
from headrace.local.tcp import first_free


def a_part(port: int, memory_mb: int = 100) -> Part:
    def nothing() -> Launch:
        raise AssertionError("examining starts nothing")

    where = Path("/nowhere")
    return Part("kafka", "", f"127.0.0.1:{port}", memory_mb, (("127.0.0.1", port),), where, where, 1, nothing, bool)


def by_subject(findings: tuple[Finding, ...], subject: str) -> Finding:
    return next(finding for finding in findings if finding.subject == subject)


def a_java(folder: Path, version: str, modules: str) -> None:
    java = folder / "bin" / "java"
    java.parent.mkdir(parents=True)
    said = f"""if [ "$1" = -version ]; then echo 'openjdk version "{version}"' >&2; else echo '{modules}'; fi"""
    java.write_text(f"#!/bin/sh\n{said}\n")
    java.chmod(0o755)


def test_a_taken_port_is_told_with_who_has_it(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        findings = examine(tmp_path, [a_part(port)])
    found = by_subject(findings, f"port {port}")
    assert found.verdict == "bad"
    assert "needed by kafka" in found.found
    with pytest.raises(MachineUnfit, match=f"port {port}: needed by kafka, is taken") as refusal:
        refuse_unfit(findings)
    assert refusal.value.exit_code == 2


def test_the_first_free_port_skips_a_taken_one() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        assert first_free("127.0.0.1", [port]) is None
        with socket.socket() as briefly:
            briefly.bind(("127.0.0.1", 0))
            free = briefly.getsockname()[1]
        assert first_free("127.0.0.1", [port, free]) == free


@pytest.mark.parametrize(("available_mb", "verdict"), [(1_899, "bad"), (1_900, "good")])
def test_memory_is_asked_for_what_does_not_run_yet(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, available_mb: int, verdict: str
) -> None:
    # 1,100 MB for the part and 800 MB to spare.
    monkeypatch.setattr(machine, "available_memory_mb", lambda: available_mb)
    assert by_subject(examine(tmp_path, [a_part(1, memory_mb=1_100)]), "memory").verdict == verdict


def test_a_stack_that_runs_already_needs_no_more_memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(machine, "available_memory_mb", lambda: 10)
    assert by_subject(examine(tmp_path, []), "memory").verdict == "good"


def test_a_container_limit_counts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "memory.max").write_text(str(512 * 1024 * 1024))
    (tmp_path / "memory.current").write_text(str(500 * 1024 * 1024))
    monkeypatch.setattr(machine, "CGROUP", tmp_path)
    assert machine.available_memory_mb() == 12
    (tmp_path / "memory.max").write_text("max\n")
    assert machine.available_memory_mb() > 12


def test_a_full_disk_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(machine, "NEEDED_DISK_MB", 10**12)
    found = by_subject(examine(tmp_path / "not" / "yet", []), "disk")
    assert found.verdict == "bad"
    assert "paths.var" in found.remedy


@pytest.mark.parametrize(
    ("version", "modules", "why"),
    [
        ("11.0.2", "jdk.incubator.vector@11", "is Java 11, which is too old"),
        ("1.8.0_392", "", "is Java 8, which is too old"),
        ("17.0.9", "java.base@17", r"lacks the module jdk\.incubator\.vector"),
        ("what", "", "does not tell its version"),
    ],
)
def test_an_unfit_java_is_told_with_what_to_do(tmp_path: Path, version: str, modules: str, why: str) -> None:
    a_java(tmp_path, version, modules)
    with pytest.raises(MachineUnfit, match=why) as refusal:
        find_java({"JAVA_HOME": str(tmp_path)})
    assert "install a full OpenJDK 17" in str(refusal.value)


def test_no_java_at_all_is_told(tmp_path: Path) -> None:
    with pytest.raises(MachineUnfit, match="no Java on PATH and no JAVA_HOME"):
        find_java({"PATH": str(tmp_path)})
    with pytest.raises(MachineUnfit, match="cannot be run"):
        find_java({"JAVA_HOME": str(tmp_path)})


def test_a_fit_java_tells_its_version_and_home(tmp_path: Path) -> None:
    a_java(tmp_path, "21.0.1", "jdk.incubator.vector@21.0.1")
    java = find_java({"JAVA_HOME": str(tmp_path)})
    assert (java.version, java.home) == (21, tmp_path.resolve())


def test_this_python_is_good_and_an_older_one_is_not(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert by_subject(examine(tmp_path, []), "Python").verdict == "good"
    monkeypatch.setattr(sys, "version_info", (3, 10, 4, "final", 0))
    old = by_subject(examine(tmp_path, []), "Python")
    assert (old.verdict, old.found) == ("bad", "3.10.4")
