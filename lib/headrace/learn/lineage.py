"""Where Spark cuts the lineage of an iteration, for as long as one training lasts."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from pyspark.sql import SparkSession


@contextmanager
def lineage_cut(spark: SparkSession, folder: str) -> Iterator[None]:
    """Checkpoints go below `folder` (a path or URI that every executor reaches) and are deleted at the end.

    ALS needs it at 15 iterations, or the JVM's stack overflows; Spark itself deletes all but the newest of each fit.
    """
    context = spark.sparkContext
    context.setCheckpointDir(folder)
    try:
        yield
    finally:
        jvm = context._jvm
        own = context.getCheckpointDir()
        if jvm is not None and own is not None:
            path = jvm.org.apache.hadoop.fs.Path(own)
            path.getFileSystem(context._jsc.hadoopConfiguration()).delete(path, True)
