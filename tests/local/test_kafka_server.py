"""The broker's storage gets an id that its own tool can read."""

import subprocess
import uuid
from pathlib import Path

import pytest

from headrace.local import kafka_server
from headrace.local.checkout import CONF
from headrace.local.java import Java
from headrace.local.kafka_server import kafka_part
from headrace.settings import load_settings


def test_an_id_that_begins_with_a_dash_is_not_taken_for_a_flag(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    ran: list[tuple[str, ...]] = []

    def run(command: tuple[str, ...], **_: object) -> subprocess.CompletedProcess[str]:
        ran.append(command)
        return subprocess.CompletedProcess(command, 0, "", "")

    # 0xF8 opens with the bits 111110: place 62 of the alphabet, which is "-" in the one for file names.
    monkeypatch.setattr(uuid, "uuid4", lambda: uuid.UUID(bytes=b"\xf8" * 16))
    monkeypatch.setattr(kafka_server, "jar_paths", lambda cache, name: [])
    monkeypatch.setattr(kafka_server, "find_java", lambda: Java(Path("/usr/bin/java"), 17))
    monkeypatch.setattr(subprocess, "run", run)
    settings = load_settings(CONF, environ={"HEADRACE__PATHS__VAR": str(tmp_path)})
    kafka_part(settings).prepare()
    (command,) = [command for command in ran if "kafka.tools.StorageTool" in command]
    assert command[-3].startswith("--cluster-id=-")
