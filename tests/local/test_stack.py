"""A stack's life: up, interrupted, killed, up again, down. Real servers; the cheapest job stands for all jobs."""

import json
import os
import signal
import socket
import subprocess
from pathlib import Path

import psutil
import pytest

from headrace.local.process import recorded
from headrace.local.tcp import answers
from headrace.settings import Settings
from tests.conftest import headrace, run_headrace, stack_environ, stack_settings, stack_var, wait_for

pytestmark = pytest.mark.stack

LIVE_ONLY = (
    "up",
    "--without",
    "ingest",
    "--without",
    "hot",
    "--without",
    "ledger",
    "--without",
    "features",
    "--without",
    "trends",
    "--without",
    "serve",
)
SEVEN_GB_IN_MB = 7 * 1024


def states(var: Path, world: str = "main") -> dict[str, str]:
    done = subprocess.run(
        headrace("status", "--json", "--world", world),
        env=stack_environ(var),
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    found = {part["name"]: part["state"] for part in json.loads(done.stdout)["parts"]}
    assert done.returncode == (1 if "dead" in found.values() else 0)
    return found


def left_over(var: Path) -> list[list[str]]:
    """Command lines of live processes that name this stack's folder."""
    lines = [process.info["cmdline"] or [] for process in psutil.process_iter(["cmdline"])]
    return [line for line in lines if any(str(var) in word for word in line)]


def compilers_niceness(java: int) -> set[int]:
    """Of the threads of its optimising compiler."""
    tasks = [task for task in Path(f"/proc/{java}/task").iterdir() if "C2 Compiler" in (task / "comm").read_text()]
    return {os.getpriority(os.PRIO_PROCESS, int(task.name)) for task in tasks}


def test_a_stack_survives_an_interrupt_a_kill_and_a_second_stack_and_leaves_nothing(
    servers: Settings, tmp_path: Path
) -> None:
    with stack_var(tmp_path) as var:
        # ctrl-C as soon as the first server runs.
        interrupted = subprocess.Popen(
            headrace(*LIVE_ONLY),
            env=stack_environ(var) | {"JAVA_TOOL_OPTIONS": ""},  # Java with all its compilers, here alone
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # a job in the background would ignore it
        )
        wait_for(lambda: (var / "run" / "kafka.pid").exists(), 120)
        interrupted.send_signal(signal.SIGINT)
        _, said = interrupted.communicate(timeout=120)
        assert interrupted.returncode == 130, said
        kafka = recorded(var / "run" / "kafka.pid")
        assert kafka is not None
        assert kafka.alive(), "what was started goes on"

        # `up` continues: the same Kafka, and everything else.
        run_headrace(var, *LIVE_ONLY)
        assert recorded(var / "run" / "kafka.pid") == kafka
        assert compilers_niceness(kafka.pid) == {10}, "it gives way, whoever of the two `up` saw it first"
        only_live = {
            "kafka": "up",
            "cassandra": "up",
            "ingest": "down",
            "live": "up",
            "hot": "down",
            "ledger": "down",
            "features": "down",
            "trends": "down",
        }
        assert states(var) == only_live | {"serve": "down"}

        # A part that is killed is dead until the next `up`.
        live_file = var / "worlds" / "main" / "run" / "live.pid"
        live = recorded(live_file)
        assert live is not None
        os.kill(live.pid, signal.SIGKILL)
        wait_for(lambda: not live.alive(), 20)
        assert states(var)["live"] == "dead"
        run_headrace(var, *LIVE_ONLY)
        assert states(var) == only_live | {"serve": "down"}
        assert recorded(live_file) not in (None, live)

        # A server that is killed comes back with its data.
        os.kill(kafka.pid, signal.SIGKILL)
        wait_for(lambda: not kafka.alive(), 20)
        assert states(var)["kafka"] == "dead"
        run_headrace(var, *LIVE_ONLY)
        assert states(var)["kafka"] == "up"

        # The stack of the other tests, on its own ports, has not noticed anything; nor does it notice this `down`.
        run_headrace(var, "down")
        assert set(states(var).values()) == {"down"}
        assert not list(var.rglob("*.pid"))
        assert left_over(var) == []
        assert answers("127.0.0.1", servers.cassandra.port)


def test_another_world_gets_a_free_port_and_its_down_leaves_the_servers(var: Path, servers: Settings) -> None:
    with socket.socket() as taken:
        taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        taken.bind(("127.0.0.1", servers.serve.port + 1))
        taken.listen()
        run_headrace(var, *LIVE_ONLY, "--world", "beside")
    beside = stack_settings(var, "beside")
    assert (beside.world.clock, beside.world.partitions) == ("stream", 1)
    assert servers.serve.port + 1 < beside.serve.port <= servers.serve.port + 100
    assert states(var, "beside")["live"] == "up"
    run_headrace(var, "down", "--world", "beside")
    assert states(var, "beside") | {"kafka": "up", "cassandra": "up", "live": "down"} == states(var, "beside")


def test_the_whole_stack_is_up_within_seven_gigabytes(var: Path, stack: Settings) -> None:
    parts = json.loads(run_headrace(var, "status", "--json", "--world", "main"))["parts"]
    assert {part["name"]: part["state"] for part in parts} == dict.fromkeys(
        ("kafka", "cassandra", "ingest", "live", "hot", "ledger", "features", "trends", "serve"), "up"
    )
    assert sum(part["memory_mb"] for part in parts) < SEVEN_GB_IN_MB
