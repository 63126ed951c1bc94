"""Keep a world's Delta tables healthy, once (maintenance.py): ./spark-submit.sh jobs/maintain.py [--world NAME]."""

import time

from pyspark.sql import SparkSession

from headrace.learn.evaluations import TABLE as EVALUATIONS
from headrace.program import arguments, open_settings, run
from headrace.stream.maintenance import maintain_table
from headrace.stream.retention import days_kept, kept_from_ms, too_old
from headrace.stream.tables import TABLES


def main() -> None:
    settings = open_settings(arguments(__doc__).parse_args())
    days, now_ms = days_kept(settings), time.time_ns() // 1_000_000
    with SparkSession.builder.appName("headrace-maintain").getOrCreate() as spark:
        for name in (*TABLES, EVALUATIONS):
            table, old = TABLES.get(name), None
            if table is not None and table.partitioned_by is not None and name in days:
                old = too_old(table.schema.names, table.partitioned_by, kept_from_ms(now_ms, days[name]))
            upkeep = maintain_table(spark, name, settings.table(name), old)
            if upkeep is None:
                print(f"{name}: no such table yet")
            else:
                print(
                    f"{name}: {upkeep.rows_deleted} old rows deleted,"
                    f" {upkeep.files_before} → {upkeep.files_after} files,"
                    f" {upkeep.bytes_before} → {upkeep.bytes_after} bytes"
                )


if __name__ == "__main__":
    run(main)
