"""What `up` decides before it starts anything: a world's port, and whether a checkpoint may be forgotten."""

import os
from pathlib import Path

import pytest

from headrace.errors import BadInput
from headrace.local.checkout import CONF
from headrace.local.machine_files import read_sections, world_sections, write_sections
from headrace.local.process import Launch, start, stop
from headrace.local.stack import up
from tests.conftest import free_ports


def test_a_writer_that_runs_is_not_forgotten_and_a_new_world_takes_no_port_of_another(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (port,) = free_ports(1)
    monkeypatch.setenv("HEADRACE__PATHS__VAR", str(tmp_path))
    write_sections(tmp_path / "stack.toml", {"serve": {"port": port}})
    write_sections(tmp_path / "worlds" / "down" / "world.toml", world_sections("down", port + 1))
    pid_file = tmp_path / "worlds" / "fresh" / "run" / "ingest.pid"
    process = start(Launch(("/bin/sleep", "60"), dict(os.environ), tmp_path, tmp_path / "log"), pid_file)
    try:
        with pytest.raises(BadInput, match=r"--forget ingest: fresh\.ingest runs; headrace down --world fresh first"):
            up(CONF, None, "fresh", (), False, print, forgotten=("ingest",))
    finally:
        stop(pid_file, 5.0)
        process.wait()
    taken = read_sections(tmp_path / "worlds" / "fresh" / "world.toml")["serve"]["port"]
    assert taken in range(port + 2, port + 101)
    assert not (tmp_path / "run" / "kafka.pid").exists()
