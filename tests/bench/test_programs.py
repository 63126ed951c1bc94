from __future__ import annotations

import os
import sys
import time

import psutil
import pytest
from bench.programs import frozen, kill, running, tutorial, wait_until

from headrace.errors import PartFailed
from headrace.local.process import Launch
from headrace.program import conf_dir
from headrace.settings import Paths, Settings, World

NAME = "sleeper"


@pytest.fixture
def settings(tmp_path):
    return Settings(paths=Paths(var=tmp_path), world=World(name="bench_test"))


@pytest.fixture
def launches(tmp_path):
    command = (sys.executable, "-c", "import time; time.sleep(60)")
    return {NAME: Launch(command, os.environ, tmp_path, tmp_path / "sleeper.log")}


def leader(settings):
    (pid_file,) = (settings.world_dir / "run").glob("*.pid")
    return psutil.Process(int(pid_file.read_text(encoding="utf-8").split('"pid": ')[1].split(",")[0]))


def becomes(process, stopped):
    """Whether it is so within five seconds: a signal takes its time."""
    deadline = time.monotonic() + 5
    while (process.status() == psutil.STATUS_STOPPED) != stopped:
        if time.monotonic() > deadline:
            return False
        time.sleep(0.01)
    return True


def test_programs_run_within_the_block_and_not_after_it_whatever_ends_it(settings, launches):
    seen = []

    def interrupted():
        with running(settings, launches):
            seen.append(leader(settings))
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert not seen[0].is_running()


def test_a_program_that_died_ends_the_wait_and_is_named(settings, launches):
    with running(settings, launches) as watch:
        kill(settings, NAME)
        with pytest.raises(PartFailed, match="sleeper of bench_test died"):
            wait_until(watch, lambda: False, within_s=10)


def test_a_wait_ends_when_its_time_is_over(settings, launches):
    with running(settings, launches) as watch, pytest.raises(PartFailed, match="not done after 0 s"):
        wait_until(watch, lambda: False, within_s=0)


def test_frozen_programs_stand_still_and_go_on(settings, launches):
    with running(settings, launches) as watch:
        process = leader(settings)
        with frozen(watch):
            assert becomes(process, stopped=True)
        assert becomes(process, stopped=False)


def test_the_peer_is_submitted_as_our_jobs_are_with_its_own_batches(settings):
    launch = tutorial(settings, conf_dir(), "tuned", 4_000)
    submit, program, *flags = launch.command
    assert submit.endswith("spark-submit.sh")
    assert program.endswith("bench/tutorial.py")
    assert flags[flags.index("--name") + 1] == "tuned"
    assert launch.environ["HEADRACE__SPARK__MAX_OFFSETS_PER_TRIGGER"] == "4000"
