"""Fixtures that start something: Spark, the servers, the whole stack; each once per run, when first asked for.

`spark` is a local session with Delta and the Kafka source, for @pytest.mark.spark.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from headrace.local.checkout import CONF, ROOT
from headrace.local.jars import jar_paths
from headrace.local.java import find_java

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

CACHE = Path(os.environ.get("HEADRACE__PATHS__CACHE", "~/.cache/headrace")).expanduser()


@pytest.fixture(scope="session")
def spark(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SparkSession]:
    """local[2], two shuffle partitions, UTC, Delta and Kafka jars, the product's own defaults; nothing kept after."""
    from pyspark.sql import SparkSession  # half a second that unit tests need not pay

    scratch = tmp_path_factory.mktemp("spark")
    os.environ |= {"JAVA_HOME": str(find_java().home), "SPARK_LOCAL_IP": "127.0.0.1", "PYSPARK_PYTHON": sys.executable}
    os.environ["PYTHONPATH"] = os.pathsep.join([str(ROOT / "lib"), str(ROOT)])  # the Python workers' too
    builder = SparkSession.builder.master("local[2]").appName("headrace-tests")
    for key, value in spark_defaults().items():
        builder = builder.config(key, value)
    session = (
        builder.config("spark.driver.extraClassPath", ":".join(map(str, jar_paths(CACHE, "spark"))))
        .config("spark.driver.host", "127.0.0.1")
        .config("spark.driver.memory", "1g")
        .config("spark.driver.extraJavaOptions", f"-Djava.io.tmpdir={scratch} -Xss16m -XX:+UseSerialGC")
        .config("spark.local.dir", str(scratch))
        .config("spark.sql.warehouse.dir", str(scratch / "warehouse"))
        .config("spark.sql.shuffle.partitions", "2")
        .config("spark.ui.enabled", "false")
        .getOrCreate()
    )
    session.sparkContext.setLogLevel("ERROR")
    yield session
    session.stop()


def spark_defaults() -> dict[str, str]:
    """conf/spark-defaults.conf as spark-submit reads it."""
    lines = (CONF / "spark-defaults.conf").read_text(encoding="utf-8").splitlines()
    return dict(line.split(None, 1) for line in lines if line.strip() and not line.startswith("#"))
