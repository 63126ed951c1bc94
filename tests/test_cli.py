"""The program itself: its table, its exit codes, and what it imports."""

import json
import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from headrace.cli import COMMANDS
from headrace.local.checkout import ROOT
from tests.conftest import free_ports, headrace


def run(*arguments: str, **environ: str) -> subprocess.CompletedProcess[str]:
    ours = {name: value for name, value in os.environ.items() if not name.startswith("HEADRACE_")}
    return subprocess.run(
        headrace(*arguments),
        env=ours | {"PYTHONPATH": str(ROOT / "lib")} | environ,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def on_free_ports() -> dict[str, str]:
    """Settings of servers that no stack of this machine is in the way of."""
    kafka, controller, *cassandra = map(str, free_ports(5))
    names = ("PORT", "STORAGE_PORT", "JMX_PORT")
    ports = {f"HEADRACE__CASSANDRA__{name}": port for name, port in zip(names, cassandra, strict=True)}
    return ports | {"HEADRACE__KAFKA__BOOTSTRAP": f"127.0.0.1:{kafka}", "HEADRACE__KAFKA__CONTROLLER_PORT": controller}


@pytest.mark.parametrize("name", sorted(COMMANDS))
def test_every_command_of_the_table_has_a_help_of_its_own(name: str) -> None:
    done = run(name, "--help")
    assert done.returncode == 0, done.stderr
    assert name in done.stdout


def test_the_help_names_every_command_and_imports_none() -> None:
    program = (
        "import sys; sys.argv = ['headrace', '--help']\n"
        "from headrace.cli import main\n"
        "try:\n    main()\nexcept SystemExit:\n    pass\n"
        "heavy = {'pyspark', 'cassandra', 'kafka', 'numpy', 'pandas'} & set(sys.modules)\n"
        "assert not heavy, heavy\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], env=dict(os.environ), capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stderr
    assert all(name in done.stdout for name in COMMANDS)


def test_an_unknown_command_exits_with_2() -> None:
    assert run("uup").returncode == 2


def test_bad_settings_are_one_line_on_stderr_and_exit_2(tmp_path: Path) -> None:
    done = run("status", HEADRACE__PATHS__VAR=str(tmp_path), HEADRACE__KAFKA__BOOTSTROP="x")
    assert done.returncode == 2
    assert done.stdout == ""
    assert done.stderr.startswith("headrace: environment HEADRACE__…: unknown key 'kafka.bootstrop'")
    assert done.stderr.count("\n") == 1


def test_a_taken_port_is_one_line_exit_2_and_nothing_started(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        done = run("up", HEADRACE__PATHS__VAR=str(tmp_path), **on_free_ports(), HEADRACE__SERVE__PORT=str(port))
    assert done.returncode == 2
    assert done.stderr.startswith(f"headrace: port {port}: needed by serve, is taken on 127.0.0.1 by ")
    assert done.stderr.count("\n") == 1
    assert not list(tmp_path.rglob("*.pid"))
    assert not (tmp_path / "stack.toml").exists()


def test_up_without_a_part_that_does_not_exist_says_which_there_are(tmp_path: Path) -> None:
    done = run("up", "--without", "kafak", HEADRACE__PATHS__VAR=str(tmp_path))
    assert done.returncode == 2
    assert "kafak: no such part; there are kafka, cassandra" in done.stderr


def test_a_stack_that_was_never_up_is_down_and_down_is_content(tmp_path: Path) -> None:
    done = run("status", "--json", HEADRACE__PATHS__VAR=str(tmp_path))
    assert done.returncode == 0
    assert '"state": "down"' in done.stdout
    assert '"state": "up"' not in done.stdout
    assert "nothing was running" in run("down", HEADRACE__PATHS__VAR=str(tmp_path)).stdout


def test_status_without_a_world_shows_each_that_has_a_folder(tmp_path: Path) -> None:
    var = {"HEADRACE__PATHS__VAR": str(tmp_path)}
    (tmp_path / "worlds" / "demo").mkdir(parents=True)
    assert json.loads(run("status", "--json", **var).stdout)["world"] == "demo"
    (tmp_path / "worlds" / "retail").mkdir()
    worlds = json.loads(run("status", "--json", **var).stdout)["worlds"]
    assert [tree["world"] for tree in worlds] == ["demo", "retail"]
    names = ["kafka", "cassandra", "ingest", "live", "hot", "ledger", "features", "trends", "serve"]
    assert [[part["name"] for part in tree["parts"]] for tree in worlds] == [names, names]
    assert json.loads(run("status", "--json", "--world", "main", **var).stdout)["world"] == "main"
    shown = run("status", **var).stdout
    assert "world demo" in shown
    assert "world retail" in shown


def test_up_forgets_no_writer_that_does_not_exist(tmp_path: Path) -> None:
    done = run("up", "--forget", "hot", HEADRACE__PATHS__VAR=str(tmp_path))
    assert done.returncode == 2
    assert "--forget hot: no such writer; there are ingest, hot-v3" in done.stderr


@pytest.mark.parametrize("dashes", [(), ("--",)])
def test_what_follows_the_name_of_a_benchmark_is_the_benchmarks(dashes: tuple[str, ...]) -> None:
    asked = run("bench", "faults", *dashes, "--fault", "no-such", "--seeds", "3")
    assert asked.returncode == 2
    assert "--fault no-such: no such fault" in asked.stderr
    helped = run("bench", "faults", *dashes, "--help")
    assert helped.returncode == 0
    assert "--process-seeds" in helped.stdout
