"""What a streaming query's checkpoint says of it: its id, its watermark, whether it is whole, who reaches it.

All of it but a first id is written by Spark.
"""

from __future__ import annotations

import json
from typing import Final
from urllib.parse import urlsplit

from py4j.java_gateway import JavaObject
from py4j.protocol import Py4JJavaError
from pyspark.sql import SparkSession

from headrace.errors import CheckpointLost

LOGS: Final = ("offsets", "commits")
"""What a query planned and what it finished: a file per batch, a line with the version and then lines of JSON."""


def checkpoint_id(spark: SparkSession, folder: str, new_id: str) -> str:
    """The id of the checkpoint in `folder` (a path or URI); `new_id` becomes it where there is none yet.

    Spark would choose an id only when the query starts. It takes over the one that it finds, so a lease can remember
    the checkpoint before the first row is written.
    """
    path, files = _at(spark, folder, "metadata")
    if not files.exists(path):
        draft = path.suffix(f".{new_id}")
        stream = files.create(draft, False)
        stream.write(json.dumps({"id": new_id}).encode())
        stream.close()
        files.rename(draft, path)  # whole or not at all: Spark refuses half a file
    return str(json.loads(_text(spark, files, path))["id"])


def has_begun(spark: SparkSession, folder: str) -> bool:
    """Whether a query has planned a first batch on the checkpoint in `folder`."""
    return _newest_batch(spark, folder, "offsets") is not None


def watermark_ms(spark: SparkSession, folder: str) -> int:
    """The watermark of the newest batch that was planned on the checkpoint in `folder`, in ms; 0 before any."""
    newest = _newest_batch(spark, folder, "offsets")
    return 0 if newest is None else _watermark_of(spark, folder, newest)


def done_watermark_ms(spark: SparkSession, folder: str) -> int:
    """As `watermark_ms`, of the newest batch that is done.

    Whatever ended by then a query that appends has appended, or never will.
    """
    done = _batches(spark, folder, "commits") & _batches(spark, folder, "offsets")
    return _watermark_of(spark, folder, max(done)) if done else 0


def refuse_broken(spark: SparkSession, folder: str, writer: str) -> None:
    """Raises CheckpointLost, with the way out, where a query could not go on from the checkpoint in `folder`.

    Spark renames whole files into place, so a kill breaks none; a disk does. Its own words name a class, not a remedy.
    """
    newest = [f"{log}/{batch}" for log in LOGS if (batch := _newest_batch(spark, folder, log)) is not None]
    for path, files in (_at(spark, folder, name) for name in ("metadata", *newest)):
        if not files.exists(path):
            continue
        try:
            whole = is_whole(_text(spark, files, path), str(path.getName()))
        except Py4JJavaError:  # its checksum is another one, or the disk does not give it
            whole = False
        if not whole:
            raise CheckpointLost(
                f"{writer}: {path.toString()} is broken: bring that file back; or, to rebuild on purpose, "
                f"move the folder {folder} away and `headrace up --forget {writer}` with this world's --world and "
                "--profile (docs/running.md: Leases)"
            )


def is_whole(text: str, name: str) -> bool:
    """Whether the file of this name in a checkpoint is as Spark writes it, as far as its lines show.

    >>> is_whole('{"id":"a"}', "metadata"), is_whole('v1\\n{"batchWatermarkMs":0}\\n{"t":{"0":7}}', "12")
    (True, True)
    >>> is_whole('v1\\n{"batchWater', "12"), is_whole("", "12"), is_whole("", "metadata")
    (False, False, False)
    """
    version, *lines = ["v", text] if name == "metadata" else text.splitlines() or [""]
    if not version.startswith("v") or not lines:
        return False
    if name != "metadata" and version != "v1":
        return True  # a format of a later Spark: its own to judge
    try:
        return all(line == "-" or isinstance(json.loads(line), dict | int) for line in lines)
    except ValueError:
        return False


def _newest_batch(spark: SparkSession, folder: str, log: str) -> int | None:
    return max(_batches(spark, folder, log), default=None)


def _batches(spark: SparkSession, folder: str, log: str) -> set[int]:
    path, files = _at(spark, folder, log)
    names = [status.getPath().getName() for status in files.listStatus(path)] if files.exists(path) else []
    return {int(name) for name in names if name.isdecimal()}


def _watermark_of(spark: SparkSession, folder: str, batch: int) -> int:
    path, files = _at(spark, folder, f"offsets/{batch}")
    _version, metadata, *_offsets = _text(spark, files, path).splitlines()
    return int(json.loads(metadata)["batchWatermarkMs"])


def _text(spark: SparkSession, files: JavaObject, path: JavaObject) -> str:
    """The whole file, read here and now: as a query of Spark's it would be a job for a line of JSON."""
    jvm = spark.sparkContext._jvm
    assert jvm is not None  # a session without one cannot have been started
    stream = files.open(path)
    try:
        return str(jvm.org.apache.commons.io.IOUtils.toString(stream, "UTF-8"))
    finally:
        stream.close()


def _at(spark: SparkSession, folder: str, name: str) -> tuple[JavaObject, JavaObject]:
    """Hadoop's path of a file of the checkpoint, and the file system that has it."""
    jvm = spark.sparkContext._jvm
    assert jvm is not None  # a session without one cannot have been started
    path = jvm.org.apache.hadoop.fs.Path(folder, name)
    return path, path.getFileSystem(spark.sparkContext._jsc.hadoopConfiguration())


def is_shared(folder: str) -> bool:
    """Whether other machines reach this folder too: it is a URI, and not one of files.

    >>> [is_shared(each) for each in ("s3a://lake/checkpoints/hot-v3", "/var/c/hot-v3", "file:///var/c/hot-v3")]
    [True, False, False]
    """
    return urlsplit(folder).scheme not in ("", "file")
