"""Puts a stopped query back to a moment within its newest batch, as a crash would have left it. It starts nothing.

Spark's own steps are: plan (offsets/N), compute, commit to the sink, then note that (commits/N). A crash after the
sink's commit leaves no commits/N; one before it leaves no Delta version either, and data files that nobody names.
"""

from __future__ import annotations

import json
from pathlib import Path

from pyspark.sql import SparkSession

from headrace.settings import Settings


def undo_newest_batch(spark: SparkSession, settings: Settings, query: str, table: str, sink_too: bool) -> None:
    """`sink_too`: also the Delta version that it made. Raises AssertionError where the newest is not of this batch."""
    checkpoint = Path(settings.checkpoint(query))
    batch = max(int(file.name) for file in (checkpoint / "commits").iterdir() if file.name.isdecimal())
    _remove(checkpoint / "commits", str(batch))
    if sink_too:
        log = Path(settings.table(table)) / "_delta_log"
        version = max(int(file.stem) for file in log.glob("*.json"))
        if not _is_of(log / f"{version:020}.json", checkpoint, batch):
            raise AssertionError(f"{query}: its batch {batch} did not make version {version} of {table}")
        for file in log.glob(f"*{version:020}*"):
            file.unlink()
        (log / "_last_checkpoint").unlink(missing_ok=True)  # it may name the version; Delta lists without it
        jvm = spark._jvm
        assert jvm is not None  # a session without one cannot have been started
        jvm.org.apache.spark.sql.delta.DeltaLog.clearCache()  # this driver remembers the version


def _is_of(version: Path, checkpoint: Path, batch: int) -> bool:
    """Whether this batch made the version: its transaction says so; without one, as in the tutorial way, it is taken
    to be the newest batch's."""
    actions = [json.loads(line) for line in version.read_text(encoding="utf-8").splitlines()]
    transactions = [action["txn"] for action in actions if "txn" in action]
    own_id = json.loads((checkpoint / "metadata").read_text(encoding="utf-8"))["id"]
    return not transactions or any(txn["appId"] == own_id and txn["version"] == batch for txn in transactions)


def _remove(folder: Path, name: str) -> None:
    (folder / name).unlink()
    (folder / f".{name}.crc").unlink(missing_ok=True)
