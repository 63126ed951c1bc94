"""Fixtures that start something: Spark, the servers, the whole stack; each once per run, when first asked for.

`spark` is a local session with Delta and the Kafka source, for @pytest.mark.spark. For @pytest.mark.stack: `servers` is
the settings of a real Kafka and Cassandra on free ports, with the topics and tables of world main; `new_world` makes
the topics and tables of another world on them; `stack` has the jobs and API of main running too.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import hypothesis
import pytest

from headrace.local.checkout import CONF, PYTHON, ROOT
from headrace.local.jars import jar_paths
from headrace.local.java import find_java
from headrace.local.machine_files import Sections, write_sections
from headrace.local.submit import spark_conf_file
from headrace.local.tcp import free_ports
from headrace.settings import Settings, load_settings
from headrace.stores.kafka import create_topics
from headrace.stores.schema import create_schema
from tests.airflow_cli import BIN, Airflow, migrated

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

START_S = 1_800  # how long a test may take whose servers or jobs must start first, on a machine that does other work

CACHE = Path(os.environ.get("HEADRACE__PATHS__CACHE", "~/.cache/headrace")).expanduser()


QUICK_START = {"JAVA_TOOL_OPTIONS": "-XX:TieredStopAtLevel=1"}
"""For every Java program of a run: in so short a life, compiling thoroughly costs more than it saves."""

LONG_LIVED = "-XX:TieredStopAtLevel=4 -XX:ReservedCodeCacheSize=240m"
"""For the session, which lives as long as the run: the quick compiler's 48 MB of code were full after some minutes."""


def pytest_configure() -> None:
    """Before anything starts."""
    os.environ.update(QUICK_START)
    # An example may be the first to call a loop of the law, which is then compiled.
    hypothesis.settings.register_profile("headrace", deadline=None)
    hypothesis.settings.load_profile("headrace")


@pytest.hookimpl(tryfirst=True)  # xdist reads the groups in its own
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The first test that asks for servers or jobs waits for their start; any of them may be the first.

    In several processes (`-n 2 --dist loadgroup`) all tests that share a Spark session are in one of them, and all that
    share a stack in one; those that need both have servers of their own beside the session. What needs every job comes
    last: five idle programs slow down all that runs beside them.
    """
    items.sort(key=lambda item: "stack" in getattr(item, "fixturenames", ()))
    for item in items:
        if item.get_closest_marker("stack") and not item.get_closest_marker("timeout"):
            item.add_marker(pytest.mark.timeout(START_S))
        if group := next((name for name in ("spark", "stack", "airflow") if item.get_closest_marker(name)), None):
            item.add_marker(pytest.mark.xdist_group(group))


@pytest.fixture(scope="session")
def spark(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SparkSession]:
    """local[2], two shuffle partitions, UTC, Delta and Kafka jars, the product's own defaults; nothing kept after."""
    from pyspark.sql import SparkSession  # half a second that unit tests need not pay

    scratch = tmp_path_factory.mktemp("spark")
    os.environ |= {"JAVA_HOME": str(find_java().home), "SPARK_LOCAL_IP": "127.0.0.1", "PYSPARK_PYTHON": sys.executable}
    os.environ["PYTHONPATH"] = os.pathsep.join([str(ROOT / "lib"), str(ROOT)])  # the Python workers' too
    builder = SparkSession.builder.master("local[2]").appName("headrace-tests")
    for key, value in (
        spark_conf_file(CONF / "spark-defaults.conf") | spark_conf_file(CONF / "spark-local.conf")
    ).items():
        builder = builder.config(key, value)
    session = (
        builder.config("spark.driver.extraClassPath", ":".join(map(str, jar_paths(CACHE, "spark"))))
        .config("spark.driver.host", "127.0.0.1")
        .config("spark.driver.memory", "2g")  # with 1 GB a tenth of a run's time went into collecting garbage
        .config("spark.driver.extraJavaOptions", f"-Djava.io.tmpdir={scratch} -Xss16m -XX:+UseSerialGC {LONG_LIVED}")
        .config("spark.local.dir", str(scratch))
        .config("spark.sql.warehouse.dir", str(scratch / "warehouse"))
        .config("spark.sql.shuffle.partitions", "2")
        .config("spark.ui.enabled", "false")
        .getOrCreate()
    )
    session.sparkContext.setLogLevel("ERROR")
    yield session
    session.stop()


@pytest.fixture(scope="session")
def var(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The folder of the run's stack: ports chosen, nothing running yet."""
    with stack_var(tmp_path_factory.mktemp("var")) as folder:
        yield folder


@contextlib.contextmanager
def stack_var(folder: Path, sections: Sections | None = None) -> Iterator[Path]:
    """A stack's folder with free ports and these settings. What is started in it is stopped, whatever ends the run."""
    ports = free_ports(6)
    chosen: Sections = {
        "kafka": {"bootstrap": f"127.0.0.1:{ports[0]}", "controller_port": ports[1]},
        "cassandra": {"port": ports[2], "storage_port": ports[3], "jmx_port": ports[4]},
        # Nobody waits for a list; what gives way would wait for the Spark session of the run's other process.
        "serve": {"port": ports[5], "first": False},
        # Those of a shop wait for more to come; tests would wait with them.
        "spark": {"ingest_batch": "5 seconds", "ledger_trigger": "1 second", "archive_trigger": "2 seconds"},
    }
    wanted = sections or {}
    names = chosen.keys() | wanted.keys()
    write_sections(
        folder / "stack.toml", {name: {**chosen.get(name, {}), **wanted.get(name, {})} for name in sorted(names)}
    )
    # Its standard input ends when this process does, even by kill -9: then it stops what runs.
    guard = subprocess.Popen(
        ("/bin/sh", "-c", 'cat > /dev/null; exec "$@"', "guard", *headrace("down")),
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env=stack_environ(folder),
        start_new_session=True,
    )
    try:
        yield folder
    finally:
        guard.communicate()
        for data in (folder / "kafka", *folder.glob("cassandra*")):
            shutil.rmtree(data, ignore_errors=True)


@pytest.fixture(scope="session")
def servers(var: Path, new_world: Callable[[str], Settings]) -> Settings:
    """Kafka and Cassandra run; world main has its topics and tables."""
    return new_world("main")


@pytest.fixture(scope="session")
def new_world(var: Path) -> Callable[[str], Settings]:
    """Make the topics and tables of a world of this name on the servers, and give its settings."""
    run_headrace(var, "up", "--servers-only")

    def make(name: str) -> Settings:
        settings = stack_settings(var, name)
        create_topics(settings)
        create_schema(settings.cassandra, settings.keyspace, CONF / "cassandra")
        return settings

    return make


@pytest.fixture(scope="session")
def stack(var: Path, servers: Settings) -> Settings:
    """Servers, jobs and API of world main run and are ready."""
    run_headrace(var, "up")
    return stack_settings(var, "main")


@pytest.fixture(scope="session")
def airflow(tmp_path_factory: pytest.TempPathFactory) -> Airflow:
    """A real Airflow on SQLite that has read dags/, for @pytest.mark.airflow."""
    if not (BIN / "airflow").is_file():
        pytest.skip("no .venv-airflow: `make airflow-setup` makes it")
    return migrated(tmp_path_factory.mktemp("airflow"))


def headrace(*arguments: str) -> tuple[str, ...]:
    """The command line of the headrace program of this checkout."""
    return (str(PYTHON), "-c", "from headrace.cli import main; main()", *arguments)


def run_headrace(var: Path, *arguments: str) -> str:
    """What a headrace command prints; fails the test, with what it said, unless it exits with 0."""
    done = subprocess.run(
        headrace(*arguments), env=stack_environ(var), capture_output=True, text=True, timeout=START_S, check=False
    )
    assert done.returncode == 0, f"headrace {' '.join(arguments)}: {done.returncode}\n{done.stdout}\n{done.stderr}"
    return done.stdout


def stack_environ(var: Path) -> dict[str, str]:
    """The environment in which a headrace command means the stack below `var`."""
    ours = {name: value for name, value in os.environ.items() if not name.startswith(("HEADRACE__", "HEADRACE_CONF"))}
    return ours | {
        "HEADRACE__PATHS__VAR": str(var),
        "HEADRACE__PATHS__CACHE": str(CACHE),
        "PYTHONPATH": str(ROOT / "lib"),
    }


def stack_settings(var: Path, world: str) -> Settings:
    """The settings of a world of the stack below `var`."""
    return load_settings(CONF, "local", world, environ=stack_environ(var))


def wait_for(condition: Callable[[], bool], patience_s: float) -> None:
    """Return when it holds; fails the test when it does not in time."""
    deadline = time.monotonic() + patience_s
    while not condition():
        assert time.monotonic() < deadline, f"waited for {patience_s:g} s"
        time.sleep(0.05)
