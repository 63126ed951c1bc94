"""Which world's log is meant where nobody says."""

import os
from pathlib import Path

import pytest

from headrace.commands.logs import log_of
from headrace.errors import BadInput
from headrace.local.checkout import CONF
from headrace.local.part import Part
from headrace.local.process import Launch, start, stop
from headrace.local.world_parts import world_parts
from headrace.settings import load_settings


def serve_of(var: Path, world: str, logged: bool) -> Part:
    settings = load_settings(CONF, world=world, environ={"HEADRACE__PATHS__VAR": str(var)})
    part = next(part for part in world_parts(settings, CONF) if part.name == "serve")
    part.log.parent.mkdir(parents=True, exist_ok=True)
    if logged:
        part.log.touch()
    return part


def test_the_only_log_is_the_one(tmp_path: Path) -> None:
    demo = serve_of(tmp_path, "demo", logged=True)
    assert log_of([serve_of(tmp_path, "main", logged=False), demo]) == demo.log


def test_of_two_logs_the_running_part_s_is_the_one_and_without_it_the_worlds_are_named(tmp_path: Path) -> None:
    parts = [serve_of(tmp_path, world, logged=True) for world in ("demo", "main")]
    with pytest.raises(BadInput, match="serve: worlds demo, main have one; say which with --world"):
        log_of(parts)
    process = start(Launch(("/bin/sleep", "60"), dict(os.environ), tmp_path, parts[1].log), parts[1].pid_file)
    try:
        assert log_of(parts) == parts[1].log
    finally:
        stop(parts[1].pid_file, 5.0)
        process.wait()


def test_a_part_that_never_ran_is_named(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match=r"main\.serve\.log: no log yet; has serve been started\?"):
        log_of([serve_of(tmp_path, "main", logged=False)])
