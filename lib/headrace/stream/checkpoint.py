"""Which checkpoint a streaming query has: the id in its `metadata` file, who reaches it. Offsets are Spark's own."""

from __future__ import annotations

import json
from urllib.parse import urlsplit

from pyspark.sql import SparkSession


def checkpoint_id(spark: SparkSession, folder: str, new_id: str) -> str:
    """The id of the checkpoint in `folder` (a path or URI); `new_id` becomes it where there is none yet.

    Spark would choose an id only when the query starts. It takes over the one that it finds, so a lease can remember
    the checkpoint before the first row is written.
    """
    jvm = spark.sparkContext._jvm
    assert jvm is not None  # a session without one cannot have been started
    path = jvm.org.apache.hadoop.fs.Path(folder, "metadata")
    files = path.getFileSystem(spark.sparkContext._jsc.hadoopConfiguration())
    if not files.exists(path):
        draft = path.suffix(f".{new_id}")
        stream = files.create(draft, False)
        stream.write(json.dumps({"id": new_id}).encode())
        stream.close()
        files.rename(draft, path)  # whole or not at all: Spark refuses half a file
    (metadata,) = spark.read.text(path.toString(), wholetext=True).collect()
    return str(json.loads(metadata.value)["id"])


def has_begun(spark: SparkSession, folder: str) -> bool:
    """Whether a query has planned a first batch on the checkpoint in `folder`."""
    jvm = spark.sparkContext._jvm
    assert jvm is not None  # a session without one cannot have been started
    first = jvm.org.apache.hadoop.fs.Path(folder, "offsets")
    return bool(first.getFileSystem(spark.sparkContext._jsc.hadoopConfiguration()).exists(first))


def watermark_ms(spark: SparkSession, folder: str) -> int:
    """The watermark of the newest batch that was planned on the checkpoint in `folder`, in ms; 0 before any."""
    jvm = spark.sparkContext._jvm
    assert jvm is not None  # a session without one cannot have been started
    planned = jvm.org.apache.hadoop.fs.Path(folder, "offsets")
    files = planned.getFileSystem(spark.sparkContext._jsc.hadoopConfiguration())
    names = [status.getPath().getName() for status in files.listStatus(planned)] if files.exists(planned) else []
    batches = [int(name) for name in names if name.isdecimal()]
    if not batches:
        return 0
    ((text,),) = spark.read.text(f"{folder}/offsets/{max(batches)}", wholetext=True).collect()
    _version, metadata, *_offsets = text.splitlines()
    return int(json.loads(metadata)["batchWatermarkMs"])


def is_shared(folder: str) -> bool:
    """Whether other machines reach this folder too: it is a URI, and not one of files.

    >>> [is_shared(each) for each in ("s3a://lake/checkpoints/hot-v2", "/var/c/hot-v2", "file:///var/c/hot-v2")]
    [True, False, False]
    """
    return urlsplit(folder).scheme not in ("", "file")
