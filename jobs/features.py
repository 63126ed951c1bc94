"""Windows, sessions, the archive: ./spark-submit.sh jobs/features.py [--world NAME] [--queries finals,archive]."""

from pyspark.sql import SparkSession

from headrace.program import arguments, open_settings, run
from headrace.stream.attend import told_to_stop
from headrace.stream.queries import OF_FEATURES, chosen_groups, run_queries
from headrace.stream.tuning import tune


def main() -> None:
    parser = arguments(__doc__)
    parser.add_argument("--queries", default=",".join(OF_FEATURES), help="which of them to run (default: %(default)s)")
    flags = parser.parse_args()
    groups, settings = chosen_groups(flags.queries), open_settings(flags)
    with SparkSession.builder.getOrCreate() as spark, told_to_stop() as stopping:
        tune(spark, settings.spark.shuffle_partitions)
        run_queries(spark, settings, "features", groups, stopping)


if __name__ == "__main__":
    run(main)
