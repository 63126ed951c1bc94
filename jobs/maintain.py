"""Compact and clean every Delta table of a world, once: ./spark-submit.sh jobs/maintain.py [--world NAME]."""

from pyspark.sql import SparkSession

from headrace.learn.evaluations import TABLE as EVALUATIONS
from headrace.program import arguments, open_settings, run
from headrace.stream.maintenance import maintain_table
from headrace.stream.tables import TABLES


def main() -> None:
    settings = open_settings(arguments(__doc__).parse_args())
    with SparkSession.builder.appName("headrace-maintain").getOrCreate() as spark:
        for name in (*TABLES, EVALUATIONS):
            upkeep = maintain_table(spark, name, settings.table(name))
            if upkeep is None:
                print(f"{name}: no such table yet")
            else:
                print(
                    f"{name}: {upkeep.files_before} → {upkeep.files_after} files,"
                    f" {upkeep.bytes_before} → {upkeep.bytes_after} bytes"
                )


if __name__ == "__main__":
    run(main)
