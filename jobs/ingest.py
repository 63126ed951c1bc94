"""Judge every event of events.raw as it arrives: ./spark-submit.sh jobs/ingest.py [--world NAME]."""

from time import time_ns
from uuid import uuid4

from pyspark.sql import SparkSession

from headrace.program import arguments, open_settings, run
from headrace.ready import announce_ready
from headrace.stores.blocking import stores
from headrace.stores.kafka.partitions import count_partitions
from headrace.stream.attend import attend, told_to_stop
from headrace.stream.checkpoint import checkpoint_id
from headrace.stream.ingest import QUERY, start_ingest
from headrace.stream.lease import hold_lease
from headrace.stream.slots import check_slots, partitions_read


def main() -> None:
    settings = open_settings(arguments(__doc__).parse_args())
    raw = settings.topic("events.raw")
    with SparkSession.builder.appName("headrace-ingest").getOrCreate() as spark, told_to_stop() as stopping:
        slots = spark.sparkContext.defaultParallelism
        check_slots(raw, count_partitions(settings.kafka, raw), slots)
        leases = stores(settings.cassandra, settings.keyspace).leases
        checkpoint = checkpoint_id(spark, settings.checkpoint(QUERY), str(uuid4()))
        with hold_lease(
            leases, settings.world_dir / "run", "ingest", checkpoint, lambda: time_ns() // 1_000_000
        ) as lease:
            query = start_ingest(spark, settings)

            def check() -> None:
                lease.check()
                check_slots(raw, partitions_read(query) or 1, slots)

            attend(query, stopping, check, lambda: announce_ready(settings, "ingest", query=QUERY))


if __name__ == "__main__":
    run(main)
