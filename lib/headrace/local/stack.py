"""Start and stop the parts of a stack, and see how they are. What a part is, its own file says; nothing is printed."""

from __future__ import annotations

import contextlib
import fcntl
import resource
import subprocess
import time
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from headrace.errors import BadInput, BadSettings, PartFailed
from headrace.local.cassandra_ring import await_ring
from headrace.local.cassandra_role import secure
from headrace.local.cassandra_server import cassandra_parts
from headrace.local.class_archiving import archive_classes
from headrace.local.compiler import CompilesLast
from headrace.local.jars import spark_jars
from headrace.local.job import SPARK_JOBS
from headrace.local.kafka_server import kafka_part
from headrace.local.machine import examine, refuse_unfit
from headrace.local.machine_files import api_ports, ensure_secrets, world_sections, write_sections
from headrace.local.part import Part
from headrace.local.process import memory_bytes, recorded, start, stop
from headrace.local.rebuild import REBUILDS, forget, job_of
from headrace.local.tcp import first_free
from headrace.local.world_parts import world_parts
from headrace.ready import Fact, read_ready
from headrace.settings import Settings, load_settings
from headrace.stores.kafka import create_topics
from headrace.stores.schema import create_schema

READY_S = 600.0  # it takes a minute on a quiet laptop; on two cores at a load of 20 it took six
POLL_S = 0.2
TAIL_LINES = 5

State = Literal["up", "starting", "dead", "down"]
Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Health:
    """How a part is: `dead` was started and is gone without `down`; `starting` runs but does not work yet."""

    name: str
    world: str
    state: State
    pid: int | None
    address: str
    age_s: float | None
    memory_mb: float | None
    lag: Fact
    log: str


def up(
    conf: Path,
    profile: str | None,
    world: str | None,
    without: Collection[str],
    servers_only: bool,
    say: Say,
    starts: Callable[[Part], object] = lambda _: None,
    forgotten: Sequence[str] = (),
) -> tuple[Settings, tuple[str, ...]]:
    """Start what does not run yet of a world and its servers; wait until all of it works.

    The settings as they are then, and the names of the parts that were started now; `starts` hears of each at once.
    The checkpoints of the `forgotten` writers are forgotten before the jobs start. Raises MachineUnfit with nothing
    started, PartFailed when a part died or did not become ready; what runs by then goes on, and `up` continues it.
    """
    settings = load_settings(conf, profile, world)
    if settings.profile != "local":
        raise BadSettings(f"profile = {settings.profile!r}: only profile local starts servers and jobs from here")
    with _alone(settings.paths.var):
        settings = _with_machine_made(conf, profile, settings)
        parts = [part for part in parts_of(settings, conf) if part.name not in without]
        parts = [part for part in parts if not (servers_only and part.world)]
        absent = [part for part in parts if not _runs(part)]
        for writer in forgotten:
            _refuse_running(writer, settings, conf)
        refuse_unfit(examine(settings.paths.var, absent))
        ensure_secrets(settings.paths.var)
        settings = load_settings(conf, profile, settings.world.name)
        _raise_file_limit()
        _start_all([part for part in parts if not part.world], say, starts)
        if "cassandra" in {part.name for part in parts}:
            secure(settings.cassandra)
        if {part.name for part in cassandra_parts(settings)} <= {part.name for part in parts}:
            await_ring(settings.cassandra)
        if not servers_only:
            furnish(settings, conf, forgotten, say)
        jobs = [part for part in parts if part.world]
        if any(part.name in SPARK_JOBS and part in absent for part in jobs):
            spark_jars(settings)  # once and here, with its progress, and not by two jobs into their logs
            archive_classes(settings, say)
        _start_all(jobs, say, starts)
    return settings, tuple(part.name for part in absent)


def furnish(settings: Settings, conf: Path, forgotten: Sequence[str], say: Say) -> None:
    """The world's topics and tables, on servers that run; again, it changes nothing. Raises StoreUnavailable.

    Then the checkpoints of the `forgotten` writers are forgotten, and said what their queries will do.
    """
    say(f"topics and tables of world {settings.world.name}")
    create_topics(settings)
    panes = settings.panes.ttl_s
    ttl_s = {"session_tail": settings.live.tail_ttl_s, "user_panes": panes, "item_panes": panes}
    create_schema(settings.cassandra, settings.keyspace, conf / "cassandra", ttl_s)
    if forgotten:
        forget(settings, forgotten)
    for writer in forgotten:
        say(f"forgotten: the checkpoint of {writer}; from nothing it {REBUILDS[writer]}")


def down(settings: Settings, conf: Path, worlds: Sequence[str], servers: bool, say: Say) -> bool:
    """Stop the parts of these worlds, and the servers, in reverse order; True when anything was running."""
    stopped = False
    with _alone(settings.paths.var):
        parts = [part for name in worlds for part in world_parts(_of_world(settings, name), conf)]
        for part in reversed([*(server_parts(settings) if servers else ()), *parts]):
            if recorded(part.pid_file) is None:
                continue
            say(f"stopping {_label(part)}")
            stopped |= stop(part.pid_file, part.grace_s)
    return stopped


def health(part: Part, settings: Settings) -> Health:
    """How the part is now."""
    record = recorded(part.pid_file)
    alive = record is not None and record.alive()
    state: State = "down" if record is None else "dead" if not alive else "up" if part.ready() else "starting"
    return Health(
        name=part.name,
        world=part.world,
        state=state,
        pid=record.pid if record and alive else None,
        address=part.address,
        age_s=round(record.age_s, 1) if record and alive else None,
        memory_mb=round(memory_bytes(record) / 1_048_576, 1) if record and alive else None,
        lag=read_ready(settings, part.name).get("lag") if part.world and alive else None,
        log=str(part.log),
    )


def parts_of(settings: Settings, conf: Path) -> tuple[Part, ...]:
    """The servers and the jobs of the settings' world, in the order of their start."""
    return (*server_parts(settings), *world_parts(settings, conf))


def server_parts(settings: Settings) -> tuple[Part, ...]:
    """What all worlds share."""
    return (kafka_part(settings), *cassandra_parts(settings))


def worlds_of(var: Path) -> tuple[str, ...]:
    """Every world that has a folder here, by name."""
    return tuple(sorted(folder.name for folder in (var / "worlds").glob("*") if folder.is_dir()))


def _start_all(parts: Sequence[Part], say: Say, starts: Callable[[Part], object]) -> None:
    """Start what does not run, all at once, then wait until every part works; the first that dies ends the wait."""
    started = {part.name: _start(part, say, starts) for part in parts if not _runs(part)}
    deadline, waiting, compilers = time.monotonic() + READY_S, list(parts), CompilesLast()
    while waiting:
        compilers.apply({record.pid for part in parts if (record := recorded(part.pid_file))})
        for part in tuple(waiting):
            if part.ready():
                waiting.remove(part)
                if part.name in started:
                    say(f"{_label(part)} is up" + (f" at {part.address}" if part.address else ""))
            else:
                _check(part, started.get(part.name), time.monotonic() > deadline)
        if waiting:
            time.sleep(POLL_S)


def _start(part: Part, say: Say, starts: Callable[[Part], object]) -> subprocess.Popen[bytes]:
    stop(part.pid_file, part.grace_s)  # what a killed leader left behind
    launch = part.prepare()
    say(f"starting {_label(part)}")
    starts(part)
    return start(launch, part.pid_file)


def _check(part: Part, process: subprocess.Popen[bytes] | None, overdue: bool) -> None:
    """Raises PartFailed for a part that is dead or overdue, with the end of its log."""
    code = process.poll() if process else None
    if not _runs(part):
        how = "died" if code is None else f"ended with exit code {code}"
        raise PartFailed(f"{_label(part)} {how} before it was ready; {_last_words(part)}")
    if overdue:
        raise PartFailed(f"{_label(part)} runs but is not ready after {READY_S:.0f} s; {_last_words(part)}")


def _last_words(part: Part) -> str:
    lines = part.log.read_text(encoding="utf-8", errors="replace").splitlines() if part.log.exists() else []
    said = " | ".join(line.strip() for line in lines[-TAIL_LINES:])
    return f"its log {part.log} ends: {said[-600:]}"


def _with_machine_made(conf: Path, profile: str | None, settings: Settings) -> Settings:
    """A world other than main gets its file at its first `up`, with a port that is free now."""
    path = settings.world_dir / "world.toml"
    if settings.world.name == "main" or path.exists():
        return settings
    first, held = settings.serve.port + 1, api_ports(settings.paths.var)
    # A world that is down now keeps its port: it must be able to come back beside this one.
    offered = (port for port in range(first, min(first + 100, 65536)) if port not in held)
    port = first_free(settings.serve.host, offered)
    if port is None:
        raise PartFailed(f"no free port for the API of {settings.world.name} from {first} on")
    write_sections(path, world_sections(settings.world.name, port))
    return load_settings(conf, profile, settings.world.name)


def _of_world(settings: Settings, name: str) -> Settings:
    return settings.model_copy(update={"world": settings.world.model_copy(update={"name": name})})


def _runs(part: Part) -> bool:
    record = recorded(part.pid_file)
    return record is not None and record.alive()


def _label(part: Part) -> str:
    return f"{part.world}.{part.name}" if part.world else part.name


def _refuse_running(writer: str, settings: Settings, conf: Path) -> None:
    """A query that runs would take its lease again at once."""
    job = next(part for part in parts_of(settings, conf) if part.name == job_of(writer))
    if _runs(job):
        raise BadInput(f"--forget {writer}: {_label(job)} runs; headrace down --world {settings.world.name} first")


def _raise_file_limit() -> None:
    """For what is started from here: the usual soft limit of 1,024 is too small for Cassandra and RocksDB."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = 65_536 if hard == resource.RLIM_INFINITY else min(hard, 65_536)
    resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


@contextlib.contextmanager
def _alone(var: Path) -> Iterator[None]:
    """One `up` or `down` per stack at a time; the next one waits."""
    (var / "run").mkdir(parents=True, exist_ok=True)
    with (var / "run" / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
