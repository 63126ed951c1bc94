"""One side of `bench tables`: a driver that appends tiny batches to one ledger and says how long each took.

Run by bench/tables.py under spark-submit. The first and the last batches are a streaming query's, through
append_to_table; the commits between are made fast: each is a data file (a hard link) and the log entry that the query
wrote for a batch of its own, under new names, with as many files beside it as that had. Of the log's checkpoints only
the last is made, the one that a stream would have left.
"""

from __future__ import annotations

import argparse
import datetime as dt
import json
import os
import time
import zlib
from pathlib import Path
from typing import Final

from delta.tables import DeltaTable
from deltalake import DeltaTable as Independent
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from headrace.settings import Paths, Settings
from headrace.stream.append import append_to_table
from headrace.stream.ledger import LEDGER
from headrace.stream.maintenance import maintain_table
from headrace.stream.schemas import EVENTS
from headrace.stream.tables import create_tables

ROWS: Final = 20
MAINTAINED_EVERY: Final = 4_320
"""Six hours of dags/maintain_tables.py, a commit every five seconds (spark.ledger_trigger)."""

CHECKPOINT_EVERY: Final = 10
"""Delta's default, and ours: every batch replays the log from the last checkpoint, so fewer of them cost more."""

RESULT: Final = "BATCH_MS "


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--var", type=Path, required=True)
    parser.add_argument("--commits", type=int, required=True)
    parser.add_argument("--measured", type=int, required=True)
    parser.add_argument("--warm-up", type=int, required=True, help="batches before the first stretch; a quarter again")
    parser.add_argument("--stock", action="store_true")
    flags = parser.parse_args()
    warm_up, warm_again = flags.warm_up, flags.warm_up // 4
    settings = Settings(paths=Paths(var=flags.var))
    ledger = Path(settings.table("events"))
    builder = SparkSession.builder.config("spark.sql.streaming.numRecentProgressUpdates", flags.commits)
    with builder.getOrCreate() as spark:
        if flags.stock:
            DeltaTable.create(spark).location(str(ledger)).addColumns(EVENTS).partitionedBy("event_date").execute()
        else:
            create_tables(spark, {"events": str(ledger)})
        first = _batches(spark, settings, warm_up + flags.measured)[warm_up:]
        while (left := flags.commits - _version(ledger) - warm_again - flags.measured) > 0:
            until_due = MAINTAINED_EVERY - _version(ledger) % MAINTAINED_EVERY
            _append_fast(ledger, min(left, until_due))
            if not flags.stock and _version(ledger) % MAINTAINED_EVERY == 0:
                maintain_table(spark, "events", str(ledger))
        last = _batches(spark, settings, warm_again + flags.measured)[warm_again:]
    print(RESULT + json.dumps({"first": first, "last": last, "commits": _version(ledger)}), flush=True)


def _batches(spark: SparkSession, settings: Settings, count: int) -> list[int]:
    """Run the query for so many micro-batches, as fast as they go; how long each took, in ms."""
    query = append_to_table(_rows(spark), settings, LEDGER, "events", "0 seconds")
    try:
        while len(query.recentProgress) < count:
            if not query.isActive:
                raise RuntimeError("the query died") from query.exception()
            time.sleep(0.2)
        return [int(progress["batchDuration"]) for progress in query.recentProgress[:count]]
    finally:
        query.stop()


def _rows(spark: SparkSession) -> DataFrame:
    """ROWS events of one day in every micro-batch, however fast those follow each other."""
    numbers = spark.readStream.format("rate-micro-batch").option("rowsPerBatch", ROWS).option("numPartitions", 1).load()
    number = F.col("value")
    made = {
        "event_date": F.lit(dt.date(2026, 1, 1)),
        "event_id": number.cast("string"),
        "kind": F.lit("view"),
        "person": F.concat(F.lit("u:"), (number % 500).cast("string")),
        "item_id": F.concat(F.lit("i"), (number % 300).cast("string")),
        "occurred_at": number,
        "src_ms": number,
    }
    return numbers.select(
        *(made.get(column.name, F.lit(None)).cast(column.dataType).alias(column.name) for column in EVENTS)
    )


def _version(ledger: Path) -> int:
    return max(int(entry.stem) for entry in (ledger / "_delta_log").glob("[0-9]*.json"))


def _append_fast(ledger: Path, count: int) -> None:
    """So many commits more, each with a data file of its own, and the last checkpoint that is due among them."""
    log, newest = ledger / "_delta_log", _version(ledger)
    checkpoint = (newest + count) // CHECKPOINT_EVERY * CHECKPOINT_EVERY
    info, add = _an_append(ledger)
    path = str(add["path"])
    for version in range(newest + 1, newest + count + 1):
        name = path.replace("part-", f"part-{version:07}-")
        os.link(ledger / path, ledger / name)
        entry = "\n".join(json.dumps(action) for action in ({"commitInfo": info}, {"add": add | {"path": name}}))
        data = f"{entry}\n".encode()
        (log / f"{version:020}.json").write_bytes(data)
        if (log / f".{1:020}.json.crc").is_file():
            (log / f".{version:020}.json.crc").write_bytes(_hadoop_checksums(data))
        if (
            (log / f"{1:020}.crc").is_file() and version < newest + count
        ):  # the newest one's would be believed: it says how many files there are
            for kind in ("{:020}.crc", ".{:020}.crc.crc"):
                os.link(log / kind.format(1), log / kind.format(version))
        if version == checkpoint:
            Independent(ledger).create_checkpoint()


def _hadoop_checksums(data: bytes) -> bytes:
    """What Hadoop's local file system keeps beside a file of these bytes."""
    chunks = (data[begin : begin + 512] for begin in range(0, len(data), 512))
    return b"crc\0" + (512).to_bytes(4) + b"".join(zlib.crc32(chunk).to_bytes(4) for chunk in chunks)


def _an_append(ledger: Path) -> tuple[dict[str, object], dict[str, object]]:
    """commitInfo and add of the query's first batch. Not its txn: the ids of its own batches must go on."""
    lines = (ledger / "_delta_log" / f"{1:020}.json").read_text(encoding="utf-8").splitlines()
    actions = {kind: body for line in lines for kind, body in json.loads(line).items()}
    return actions["commitInfo"], actions["add"]


if __name__ == "__main__":
    main()
