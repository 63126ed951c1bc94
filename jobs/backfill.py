"""Rebuild closed hours from the ledger: ./spark-submit.sh jobs/backfill.py --from T --to T [--dry-run] [--json]."""

from time import time_ns

from pyspark.sql import SparkSession

from headrace.learn.moment import moment_ms
from headrace.program import arguments, open_settings, run
from headrace.stream.backfill import Recount, backfill, parity, the_only_one
from headrace.stream.held import CassandraHeld
from headrace.stream.settled import closed_hours, settled_until
from headrace.stream.tuning import tune
from headrace.watch.parity import report


def now_ms() -> int:
    return time_ns() // 1_000_000


def main() -> None:
    parser = arguments(__doc__)
    parser.add_argument("--from", dest="begin", type=moment_ms, required=True, help="the first hour, UTC")
    parser.add_argument("--to", dest="end", type=moment_ms, required=True, help="the first hour left out")
    parser.add_argument("--dry-run", action="store_true", help="say what differs and change nothing")
    parser.add_argument("--json", action="store_true")
    flags = parser.parse_args()
    settings = open_settings(flags)
    with SparkSession.builder.appName("headrace-backfill").getOrCreate() as spark:
        tune(spark, settings.spark.shuffle_partitions)
        hours = closed_hours(flags.begin, flags.end, settled_until(spark, settings))
        with the_only_one(settings, now_ms) as lease:
            recount = Recount(spark, settings, CassandraHeld(spark, settings), hours, now_ms())
            comparisons = parity(recount) if flags.dry_run else backfill(recount, lease.check)
            report(settings.world.name, hours, comparisons, not flags.dry_run, flags.json)


if __name__ == "__main__":
    run(main)
