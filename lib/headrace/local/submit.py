"""The one spark-submit command of a job, from the settings. It becomes that command; it runs no job itself."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from headrace.errors import BadInput, HeadraceError
from headrace.local.checkout import CONF, PYTHON, ROOT, pyspark_home
from headrace.local.class_archive import class_archive, filling_flags, mapping_flags
from headrace.local.jars import spark_jars, spark_packages
from headrace.local.java import find_java
from headrace.local.package import package_zip
from headrace.program import conf_dir
from headrace.settings import Settings, load_settings

LOOPBACK = "127.0.0.1"
JAVA_FLAGS = "-Dlog4j2.configurationFile=file://{log4j} -Djava.io.tmpdir={scratch} -XX:+UseSerialGC"
# The serial collector: G1 keeps threads and tables that cost more than they save on a heap of 1 GB and two cores.
HALF_YOUNG = "-XX:NewRatio=1"
# What a batch makes is garbage when it ends. With the usual third of the heap for what is young, hot grew old on it: at
# 1,000 events/s a batch cost 27 ms of collecting, and twice a minute half a second stood still; 18 with 384 of 768 MB.
DEEP_STACK = "-Xss16m"  # ALS's lineage overflows the default stack at 15 to 20 iterations
EXERCISE = ROOT / "lib" / "headrace" / "local" / "class_exercise.py"
"""What fills the archive of Spark's classes, from which every other job starts."""


@dataclass(frozen=True, slots=True)
class Submission:
    """What to become: a program with its arguments, and the environment to give it."""

    command: tuple[str, ...]
    environ: Mapping[str, str]


def submission(
    settings: Settings, job: Path, arguments: Sequence[str], environ: Mapping[str, str], conf: Path = CONF
) -> Submission:
    """How this job is submitted under these settings.

    `conf` holds the settings, spark-defaults.conf and spark-local.conf. `local` becomes `local[N]` with a slot for
    every task that never ends. Raises MachineUnfit for an unfit Java.
    """
    master = settings.spark.master
    scratch = settings.paths.var / "spark"
    for folder in (scratch / "tmp", scratch / "local"):
        folder.mkdir(parents=True, exist_ok=True)
    spark_conf = {
        "spark.sql.shuffle.partitions": str(settings.spark.shuffle_partitions),
        "spark.driver.memory": _memory(settings, job),
        "spark.driver.extraJavaOptions": _java_flags(job, scratch / "tmp"),
        "spark.sql.warehouse.dir": str(scratch / "warehouse"),
    }
    java = find_java(environ)
    extra = dict(environ) | {"PYSPARK_PYTHON": str(PYTHON), "JAVA_HOME": str(java.home)}
    # Where the code is shipped, the driver imports it from the zip too, and would look for conf/ beside that.
    extra |= {"HEADRACE_CONF": str(conf.absolute())}
    # A shell's own Spark must not leak in: its class path and its configuration would be a second Spark's.
    for foreign in ("SPARK_HOME", "SPARK_CONF_DIR", "PYSPARK_SUBMIT_ARGS", "PYSPARK_DRIVER_PYTHON"):
        extra.pop(foreign, None)
    if _is_local(master):
        spark_conf |= {"spark.driver.host": LOOPBACK, "spark.driver.bindAddress": LOOPBACK, "spark.ui.enabled": "false"}
        spark_conf |= {"spark.local.dir": str(scratch / "local")}
        extra |= {"SPARK_LOCAL_IP": LOOPBACK, "PYTHONPATH": _prepended(ROOT / "lib", environ.get("PYTHONPATH"))}
        # The C library has eight pools a core for what Java's threads allocate, and each keeps what it had at most.
        extra.setdefault("MALLOC_ARENA_MAX", "2")
        # On the class path and not --jars: those are copied to every executor, and are not there yet when Spark first
        # asks for the file system of spark-local.conf.
        first = spark_jars(settings)
        jars = ":".join(map(str, first))
        spark_conf |= {"spark.driver.extraClassPath": jars, "spark.executor.extraClassPath": jars}
        archive = class_archive(java, first)
        sharing = filling_flags(archive) if job == EXERCISE else mapping_flags(archive)
        spark_conf["spark.driver.extraJavaOptions"] += "".join(f" {flag}" for flag in sharing)
        spark_conf |= spark_conf_file(conf / "spark-local.conf")
        shipped = []
    elif master.startswith("spark://"):
        shipped = ["--jars", ",".join(map(str, spark_jars(settings)))]
    else:
        shipped = ["--packages", ",".join(spark_packages())]
    if master.startswith("local"):
        master = f"local[{_slots(settings, job)}]" if master == "local" else master
    else:
        shipped += ["--py-files", str(package_zip(scratch))]
    if master.startswith("spark://"):
        # Without a bound the first job takes every core, and the next one waits for a slot without a word.
        spark_conf["spark.cores.max"] = str(_cores(settings, job))
    if not master.startswith("local"):
        spark_conf["spark.executor.memory"] = settings.spark.executor_memory
    if not master.startswith("local") and _is_local(master):  # its executors see this machine's files
        spark_conf["spark.executor.extraJavaOptions"] = _java_flags(job, scratch / "tmp")
    command = [str(pyspark_home() / "bin" / "spark-submit"), "--master", master]
    command += ["--name", f"headrace-{settings.world.name}-{job.stem}"]
    command += ["--properties-file", str(conf / "spark-defaults.conf")]
    for key, value in spark_conf.items():
        command += ["--conf", f"{key}={value}"]
    return Submission((*command, *shipped, str(job), *arguments), extra)


def spark_conf_file(path: Path) -> dict[str, str]:
    """The properties of a file as spark-submit reads them: a name, spaces, a value; # begins a comment."""
    lines = (line.strip() for line in path.read_text(encoding="utf-8").splitlines())
    return dict(line.split(maxsplit=1) for line in lines if line and not line.startswith("#"))


def _is_local(master: str) -> bool:
    return master.startswith("local") or master.startswith((f"spark://{LOOPBACK}", "spark://localhost"))


def _slots(settings: Settings, job: Path) -> int:
    """Ingest holds one slot per partition all the time, and needs two more for everything else that it does.

    Features has eight at least: with four, a batch of windows and one of sessions held them all, and the rest waited.
    """
    by_job = {"ingest": settings.world.partitions + 2, "features": max(8, os.cpu_count() or 2)}
    return by_job.get(job.stem, max(2, os.cpu_count() or 2))


def _cores(settings: Settings, job: Path) -> int:
    return settings.world.partitions + 2 if job.stem == "ingest" else settings.spark.cores_max


def _memory(settings: Settings, job: Path) -> str:
    spark = settings.spark
    by_job = {"ingest": spark.ingest_memory, "hot": spark.hot_memory, "ledger": spark.ledger_memory}
    by_job |= {"features": spark.features_memory}
    return by_job.get(job.stem, spark.driver_memory)


def _java_flags(job: Path, scratch: Path) -> str:
    flags = JAVA_FLAGS.format(log4j=CONF / "log4j2-spark.properties", scratch=scratch)
    own = {"train": DEEP_STACK, "hot": HALF_YOUNG, "ledger": HALF_YOUNG, "features": HALF_YOUNG}
    return f"{flags} {own[job.stem]}" if job.stem in own else flags


def _prepended(path: Path, paths: str | None) -> str:
    return f"{path}:{paths}" if paths else str(path)


def _job_path(text: str) -> Path:
    """The job as named from here, else from the project's root."""
    for path in (Path(text), ROOT / text):
        if path.is_file():
            return path.absolute()
    raise BadInput(f"{text}: no such job here or in {ROOT}; jobs are in jobs/")


def main(arguments: Sequence[str]) -> None:
    """Become spark-submit, so that signals and the exit code are the job's own."""
    if not arguments or arguments[0].startswith("-"):
        raise BadInput("usage: spark-submit.sh jobs/JOB.py [--world NAME] [arguments of the job]")
    job = _job_path(arguments[0])
    # The job's own flags that choose the settings are read here too; all of them reach the job.
    parser = argparse.ArgumentParser(add_help=False, allow_abbrev=False)
    parser.add_argument("--world")
    parser.add_argument("--profile")
    parser.add_argument("--conf", type=Path, default=conf_dir())
    flags, _ = parser.parse_known_args(arguments[1:])
    settings = load_settings(flags.conf, flags.profile, flags.world)
    planned = submission(settings, job, arguments[1:], os.environ, flags.conf)
    os.execve(planned.command[0], planned.command, planned.environ)


if __name__ == "__main__":
    try:
        main(sys.argv[1:])
    except HeadraceError as error:
        print(f"spark-submit.sh: {error}", file=sys.stderr)
        sys.exit(error.exit_code)
