"""Starts, watches and ends the programs of a scratch world for a benchmark. What they compute is theirs."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from subprocess import Popen

import psutil

from bench.batches import Watch
from headrace.errors import PartFailed
from headrace.local.checkout import ROOT
from headrace.local.job import job_environ
from headrace.local.process import Launch, recorded, start, stop
from headrace.local.world_parts import world_parts
from headrace.settings import Settings
from headrace.stream.progress import progress_file

GIVE_UP_S = 300.0
GRACE_S = 20.0


def hot(settings: Settings, conf: Path) -> Launch:
    return _part(settings, conf, "hot")


def ledger(settings: Settings, conf: Path) -> Launch:
    return _part(settings, conf, "ledger")


def trends(settings: Settings, conf: Path) -> Launch:
    """With what these settings say of publishing, which is nowhere in a file."""
    launch = _part(settings, conf, "trends")
    return replace(launch, environ={**launch.environ, "HEADRACE__TRENDS__PUBLISH_S": str(settings.trends.publish_s)})


def tutorial(settings: Settings, conf: Path, name: str, batch: int) -> Launch:
    """bench/tutorial.py as `name`, with what `conf` tells Spark, at most `batch` records in one batch."""
    flags = ("--world", settings.world.name, "--profile", settings.profile, "--conf", str(conf.absolute()))
    submit, program = str(ROOT / "spark-submit.sh"), str(ROOT / "bench" / "tutorial.py")
    environ = job_environ(settings, os.environ)
    environ["HEADRACE__SPARK__MAX_OFFSETS_PER_TRIGGER"] = str(batch)
    environ["PYTHONPATH"] = os.pathsep.join(filter(None, (str(ROOT), environ.get("PYTHONPATH"))))
    log = settings.paths.var / "logs" / f"{settings.world.name}.{name}.log"
    return Launch((submit, program, *flags, "--name", name), environ, ROOT, log)


@contextmanager
def running(settings: Settings, launches: dict[str, Launch]) -> Iterator[Watch]:
    """Part → launch, all started at once; stopped after the block, whatever ends it."""
    started: list[Popen[bytes]] = []
    try:
        for name, launch in launches.items():
            progress_file(settings, name).unlink(missing_ok=True)  # of the program before
            started.append(start(launch, _pid_file(settings, name)))
        yield Watch(settings, tuple(launches))
    finally:
        for name in launches:
            stop(_pid_file(settings, name), GRACE_S)
        for process in started:
            process.wait()


def wait_until(watch: Watch, done: Callable[[], bool], within_s: float = GIVE_UP_S) -> None:
    """Look on until `done`. Raises PartFailed when a program died, or after `within_s`."""
    deadline = time.monotonic() + within_s
    while not done():
        for name in watch.parts:
            record = recorded(_pid_file(watch.settings, name))
            if record is None or not record.alive():
                raise PartFailed(f"{name} of {watch.settings.world.name} died; see {_log(watch.settings, name)}")
        if time.monotonic() > deadline:
            read = {query: watch.read(query) for query in watch.batches}
            raise PartFailed(f"not done after {within_s:.0f} s: {read}; logs in {watch.settings.paths.var / 'logs'}")
        watch.pause()
    watch.look()  # what `done` was told last may be newer than the last look


def kill(settings: Settings, name: str) -> None:
    """SIGKILL to the whole session of a program: the JVM and its Python processes, in no order."""
    _signal(settings, name, signal.SIGKILL)


@contextmanager
def frozen(watch: Watch) -> Iterator[None]:
    """The watched programs stand still within the block, warm as they are, and go on after it."""
    try:
        for name in watch.parts:
            _signal(watch.settings, name, signal.SIGSTOP)
        yield
    finally:
        for name in watch.parts:
            _signal(watch.settings, name, signal.SIGCONT)


def _signal(settings: Settings, name: str, number: signal.Signals) -> None:
    record = recorded(_pid_file(settings, name))
    for process in record.members() if record else []:
        with suppress(psutil.NoSuchProcess):
            process.send_signal(number)


def _part(settings: Settings, conf: Path, name: str) -> Launch:
    return next(part for part in world_parts(settings, conf) if part.name == name).prepare()


def _pid_file(settings: Settings, name: str) -> Path:
    return settings.world_dir / "run" / f"{name}.pid"


def _log(settings: Settings, name: str) -> Path:
    return settings.paths.var / "logs" / f"{settings.world.name}.{name}.log"
