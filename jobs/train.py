"""Train on a pinned ledger, judge, publish: ./spark-submit.sh jobs/train.py [--world NAME] [--interval-end MOMENT]."""

import time
from functools import partial

from pyspark.sql import SparkSession

from headrace.domain.features import FEATURE_SET_ID
from headrace.errors import ModelRefused
from headrace.learn.evaluations import TABLE, record_verdict
from headrace.learn.fit import fit_settings
from headrace.learn.lineage import lineage_cut
from headrace.learn.train import train
from headrace.learn.wanted import history_of, publication_of, training_flags
from headrace.program import arguments, open_settings, run
from headrace.stream.patience import patiently


def main() -> None:
    parser = arguments(__doc__)
    training_flags(parser)
    flags = parser.parse_args()
    settings = open_settings(flags)
    started = time.monotonic()
    with SparkSession.builder.getOrCreate() as spark, lineage_cut(spark, settings.checkpoint("train")):
        _, verdict = train(
            spark,
            history_of(settings, flags, time.time_ns() // 1_000_000),
            fit_settings(settings.train, settings.spark.shuffle_partitions),
            publication_of(settings, FEATURE_SET_ID, flags.force),
            with_stores=partial(patiently, settings.cassandra, settings.keyspace, patience_s=60.0),
            record=partial(record_verdict, spark, settings.table(TABLE)),
            say=lambda line: print(f"{time.monotonic() - started:6.1f} s  {line}", flush=True),
        )
    if not verdict.publish:
        raise ModelRefused(f"not published: {verdict.reason}; --force publishes it all the same")


if __name__ == "__main__":
    run(main)
