"""Keep every event in the ledger, within seconds: ./spark-submit.sh jobs/ledger.py [--world NAME]."""

from pyspark.sql import SparkSession

from headrace.program import arguments, open_settings, run
from headrace.stream.attend import told_to_stop
from headrace.stream.queries import run_queries
from headrace.stream.tuning import tune


def main() -> None:
    settings = open_settings(arguments(__doc__).parse_args())
    with SparkSession.builder.getOrCreate() as spark, told_to_stop() as stopping:
        tune(spark, settings.spark.shuffle_partitions)
        run_queries(spark, settings, "ledger", ("ledger",), stopping)


if __name__ == "__main__":
    run(main)
