"""Judge every event of events.raw as it arrives: ./spark-submit.sh jobs/ingest.py [--world NAME]."""

from time import sleep

from pyspark.sql import SparkSession

from headrace.program import arguments, open_settings, run
from headrace.ready import announce_ready
from headrace.stores.kafka.partitions import count_partitions
from headrace.stream.attend import attend, told_to_stop
from headrace.stream.ingest import report_progress, start_ingest
from headrace.stream.lease import hold_checkpoint
from headrace.stream.progress import INGEST
from headrace.stream.slots import await_slots, check_slots, partitions_read


def main() -> None:
    settings = open_settings(arguments(__doc__).parse_args())
    raw = settings.topic("events.raw")
    with SparkSession.builder.appName("headrace-ingest").getOrCreate() as spark, told_to_stop() as stopping:
        partitions = count_partitions(settings.kafka, raw)
        slots = await_slots(spark.sparkContext, partitions, sleep)
        check_slots(raw, partitions, slots)
        with hold_checkpoint(spark, settings, "ingest", INGEST) as lease:
            query = start_ingest(spark, settings)

            def check() -> None:
                lease.check()
                check_slots(raw, partitions_read(query) or 1, slots)
                report_progress(settings, query)

            attend(query, stopping, check, lambda: announce_ready(settings, "ingest", query=INGEST))


if __name__ == "__main__":
    run(main)
