"""The stream against a recount of closed hours: ./spark-submit.sh jobs/parity.py [--from T] [--to T] [--json]."""

import sys
from time import time_ns

from pyspark.sql import SparkSession

from headrace.domain.panes import DAY_MS
from headrace.learn.moment import moment_ms
from headrace.program import arguments, open_settings, run
from headrace.stream.backfill import Recount, parity
from headrace.stream.held import CassandraHeld
from headrace.stream.settled import closed_part, settled_until
from headrace.stream.tuning import tune
from headrace.watch.parity import report


def main() -> None:
    parser = arguments(__doc__)
    parser.add_argument("--from", dest="begin", type=moment_ms, help="default: a day before --to")
    parser.add_argument(
        "--to", dest="end", type=moment_ms, help="default: the last closed hour; open ones are left out"
    )
    parser.add_argument("--json", action="store_true")
    flags = parser.parse_args()
    settings = open_settings(flags)
    with SparkSession.builder.appName("headrace-parity").getOrCreate() as spark:
        tune(spark, settings.spark.shuffle_partitions)
        settled_ms = settled_until(spark, settings)
        end = settled_ms if flags.end is None else flags.end
        hours = closed_part(end - DAY_MS if flags.begin is None else flags.begin, end, settled_ms)
        held, now_ms = CassandraHeld(spark, settings), time_ns() // 1_000_000
        comparisons = parity(Recount(spark, settings, held, hours, now_ms)) if hours else ()
        equal = report(settings.world.name, hours, comparisons, False, flags.json)
    sys.exit(0 if equal else 1)


if __name__ == "__main__":
    run(main)
