"""Count what happens as it happens: ./spark-submit.sh jobs/hot.py [--world NAME]."""

from pyspark.sql import SparkSession

from headrace.program import arguments, open_settings, run
from headrace.stream.attend import told_to_stop
from headrace.stream.hot import HOT
from headrace.stream.lease import hold_checkpoint
from headrace.stream.sweeping import run_hot
from headrace.stream.tuning import tune


def main() -> None:
    settings = open_settings(arguments(__doc__).parse_args())
    with SparkSession.builder.getOrCreate() as spark, told_to_stop() as stopping:
        tune(spark, settings.spark.hot_partitions)
        with hold_checkpoint(spark, settings, HOT) as lease:
            run_hot(spark, settings, stopping, lease.check)


if __name__ == "__main__":
    run(main)
