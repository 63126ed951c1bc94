"""Servers of the bench's own, on free ports and in a folder of its own, and a warm Spark session. It fails nothing."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from pyspark.sql import SparkSession

from headrace.local.checkout import CONF, ROOT
from headrace.local.jars import spark_jars
from headrace.local.java import find_java
from headrace.local.machine_files import Sections, write_sections
from headrace.local.stack import down, furnish, up, worlds_of
from headrace.local.submit import spark_conf_file
from headrace.local.tcp import free_ports
from headrace.local.world_parts import JOBS
from headrace.settings import Settings, load_settings
from headrace.stream.tuning import tune

WORLD = "main"
SMALL_BATCHES = 20
"""Rows of an Arrow batch in the warm session: a sink has many hits in a small log."""


@contextmanager
def own_servers(folder: Path, environ: Mapping[str, str] | None = None) -> Iterator[Settings]:
    """Kafka and Cassandra with world main's topics and tables; stopped after the block.

    `environ`: settings of the programs that are started there, too.
    """
    ports = free_ports(6)
    kafka: dict[str, str | int] = {"bootstrap": f"127.0.0.1:{ports[0]}", "controller_port": ports[1]}
    cassandra: dict[str, str | int] = {"port": ports[2], "storage_port": ports[3], "jmx_port": ports[4]}
    sections: Sections = {"kafka": kafka, "cassandra": cassandra, "serve": {"port": ports[5]}}
    write_sections(folder / "stack.toml", sections)
    # The jobs' too, which `up` starts with this environment. Ingest says at each batch how far it is: the shortest.
    os.environ |= {"HEADRACE__PATHS__VAR": str(folder), "HEADRACE__SPARK__INGEST_BATCH": "5 seconds", **(environ or {})}
    try:
        up(CONF, None, WORLD, JOBS, servers_only=False, say=_quiet)
        yield patient(load_settings(CONF, None, WORLD))
    finally:
        settings = load_settings(CONF, None, WORLD)
        down(settings, CONF, worlds_of(folder) or (WORLD,), servers=True, say=_quiet)


def warm_world(settings: Settings) -> Settings:
    """A world of its own for the warm driver, on the same servers: no program runs in it."""
    world = settings.world.model_copy(update={"name": "warm"})
    warm = settings.model_copy(update={"world": world})
    furnish(warm, CONF, (), _quiet)
    return warm


def patient(settings: Settings) -> Settings:
    """Settings for reading in a judge's way: a slow read is no absent row, and no fault either."""
    cassandra = settings.cassandra.model_copy(update={"read_timeout_ms": 10_000})
    return settings.model_copy(update={"cassandra": cassandra})


@contextmanager
def warm_session(settings: Settings) -> Iterator[SparkSession]:
    """local[2] with the product's own defaults, tuned as the programs are; RocksDB, Delta, Kafka."""
    scratch = settings.paths.var / "spark"
    scratch.mkdir(parents=True, exist_ok=True)
    os.environ |= _environ()
    builder = SparkSession.builder.master("local[2]").appName("headrace-faults")
    for key, value in (_defaults() | _own(settings, scratch)).items():
        builder = builder.config(key, value)
    session = builder.getOrCreate()
    session.sparkContext.setLogLevel("OFF")  # what fails here is meant to
    tune(session, settings.spark.shuffle_partitions)
    try:
        yield session
    finally:
        session.stop()


def _environ() -> Mapping[str, str]:
    path = os.pathsep.join((str(ROOT / "lib"), str(ROOT)))  # the Python workers' too
    java = str(find_java().home)
    return {"JAVA_HOME": java, "SPARK_LOCAL_IP": "127.0.0.1", "PYSPARK_PYTHON": sys.executable, "PYTHONPATH": path}


def _defaults() -> dict[str, str]:
    return spark_conf_file(CONF / "spark-defaults.conf") | spark_conf_file(CONF / "spark-local.conf")


def _own(settings: Settings, scratch: Path) -> dict[str, str]:
    return {
        "spark.driver.extraClassPath": ":".join(map(str, spark_jars(settings))),
        "spark.driver.host": "127.0.0.1",
        "spark.driver.memory": "1g",
        "spark.driver.extraJavaOptions": f"-Djava.io.tmpdir={scratch} -Xss16m -XX:+UseSerialGC",
        "spark.local.dir": str(scratch),
        "spark.sql.warehouse.dir": str(scratch / "warehouse"),
        "spark.sql.execution.arrow.maxRecordsPerBatch": str(SMALL_BATCHES),
        "spark.ui.enabled": "false",
    }


def _quiet(_: str) -> None:
    """The table is all that a benchmark prints."""
