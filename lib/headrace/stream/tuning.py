"""What the stateful queries need of a session beyond conf/spark-defaults.conf. It makes no session."""

from __future__ import annotations

from pyspark.sql import SparkSession


def tune(spark: SparkSession, shuffle_partitions: int) -> None:
    """For every query started afterwards. The number of partitions is frozen in a checkpoint at its start."""
    # Sums wrap as numpy's do: under ANSI a thousand purchases of an absurd quantity would stop a query for good.
    spark.conf.set("spark.sql.ansi.enabled", "false")
    spark.conf.set("spark.sql.shuffle.partitions", shuffle_partitions)
