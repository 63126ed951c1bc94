"""The features program: ./spark-submit.sh jobs/features.py [--world NAME] [--queries ledger,finals,archive]."""

from pyspark.sql import SparkSession

from headrace.program import arguments, open_settings, run
from headrace.ready import announce_ready
from headrace.stream.attend import told_to_stop
from headrace.stream.queries import GROUPS, chosen_groups, running_queries, wait_until_running, watch_until
from headrace.stream.tuning import tune


def main() -> None:
    parser = arguments(__doc__)
    parser.add_argument("--queries", default=",".join(GROUPS), help="which of them to run (default: %(default)s)")
    flags = parser.parse_args()
    groups, settings = chosen_groups(flags.queries), open_settings(flags)
    with SparkSession.builder.getOrCreate() as spark, told_to_stop() as stopping:
        tune(spark, settings.spark.shuffle_partitions)
        with running_queries(spark, settings, groups) as running:
            wait_until_running(running, stopping)
            announce_ready(settings, "features")
            watch_until(stopping, settings, running)


if __name__ == "__main__":
    run(main)
