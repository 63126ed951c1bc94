"""The archive of Spark's classes: whose it is, and that what is submitted starts from it."""

import os
from itertools import pairwise
from pathlib import Path

import psutil
import pytest

from headrace.local import class_archive, submit
from headrace.local.checkout import CONF, ROOT
from headrace.local.class_archiving import archive_classes
from headrace.local.java import find_java
from headrace.local.submit import EXERCISE, submission
from headrace.settings import Settings, load_settings


@pytest.fixture
def jar(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The one jar of Spark's in this test, in an environment without an archive."""
    jar = tmp_path / "delta.jar"
    jar.write_bytes(b"1")
    monkeypatch.setattr(submit, "spark_jars", lambda settings: [jar])
    monkeypatch.setattr(class_archive, "FOLDER", tmp_path)
    return jar


def java_flags(var: Path, job: Path) -> list[str]:
    settings = load_settings(CONF, environ={"HEADRACE__PATHS__VAR": str(var)})
    command = submission(settings, job, (), {"PATH": os.environ["PATH"]}).command
    pairs = [value for flag, value in pairwise(command) if flag == "--conf"]
    return next(pair.split("=", 1)[1] for pair in pairs if pair.startswith("spark.driver.extraJavaOptions=")).split()


def test_other_bytes_of_a_jar_are_another_archive(jar: Path) -> None:
    before = class_archive.class_archive(find_java(), [jar])
    assert class_archive.class_archive(find_java(), [jar]) == before
    jar.write_bytes(b"22")
    assert class_archive.class_archive(find_java(), [jar]) != before


def test_a_job_maps_the_archive_that_is_there_and_only_the_exercise_fills_it(tmp_path: Path, jar: Path) -> None:
    archive = class_archive.class_archive(find_java(), [jar])
    job = ROOT / "jobs/hot.py"
    assert not any("Archive" in flag for flag in java_flags(tmp_path, job))
    assert f"-XX:ArchiveClassesAtExit={archive}.part" in java_flags(tmp_path, EXERCISE)
    archive.touch()
    assert f"-XX:SharedArchiveFile={archive}" in java_flags(tmp_path, job)
    assert f"-XX:SharedArchiveFile={archive}" not in java_flags(tmp_path, EXERCISE)


def test_an_archive_that_cannot_be_made_is_said_and_ends_nothing(
    tmp_path: Path, jar: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("headrace.local.class_archiving.spark_jars", lambda settings: [jar])
    monkeypatch.setattr(class_archive, "FOLDER", jar / "no folder")
    said: list[str] = []
    archive_classes(load_settings(CONF, environ={"HEADRACE__PATHS__VAR": str(tmp_path)}), said.append)
    assert len(said) == 1
    assert "no archive of Spark's classes" in said[0]


@pytest.mark.stack
def test_the_jobs_of_a_stack_run_from_one_archive(stack: Settings) -> None:
    jobs = [pid for name in ("ingest", "hot", "ledger", "features") for pid in _java_of(stack, name)]
    maps = [{line.split()[-1] for line in _maps(pid) if line.endswith(".jsa")} for pid in jobs]
    assert len(jobs) == 4
    assert {str(file) for file in class_archive.FOLDER.glob("spark-*.jsa")} <= set.intersection(*maps)
    assert any(class_archive.FOLDER.glob("spark-*.jsa"))


def _java_of(stack: Settings, name: str) -> list[int]:
    job, var = str(ROOT / "jobs" / f"{name}.py"), str(stack.paths.var)
    found = []
    for process in psutil.process_iter(["cmdline"]):
        words = process.info["cmdline"] or []
        if job in words and Path(words[0]).name == "java" and any(var in word for word in words):
            found.append(process.pid)
    return found


def _maps(pid: int) -> list[str]:
    return Path(f"/proc/{pid}/maps").read_text(encoding="utf-8").splitlines()
