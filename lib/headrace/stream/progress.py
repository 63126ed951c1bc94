"""How far each query is, as a small file that replay, account and status read. Spark tells Kafka nothing.

`<world>/run/<part>.progress.json`, of features and of ingest: {query name: {"batch", "rows", "batch_ms", "at", …}}
    batch     number of its newest batch
    rows      rows in it; batch_ms how long it took; at when it began (ISO 8601, UTC)
    lag       records of its topic not read yet; null where it reads a table
    upserts   {operator: state rows that the batch put}, of a query with state
    reasons   of the query over rejected records: how many of each reason its newest batch had
    ends      {"<topic>": {"<partition>": offset}}: what it has read, up to but without the offset; null for a table
    watermark_ms  of a query with a watermark: what ended by then, in event time, is closed; 0 before any event
    idle      of a query of features: whether it found nothing new at its last look

Ingest's entry also has "generation", the one of events.raw that its ends count in. In Real-Time Mode an entry is of the
last finished batch, so its ends are up to a whole batch (spark.ingest_batch) old, and all before them is written.
"""

from __future__ import annotations

import datetime as dt
import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Final, TypeAlias, cast

from headrace.domain.contract import REASONS
from headrace.ready import announce_ready
from headrace.settings import Settings

INGEST: Final = "ingest-v1"
"""Ingest's one query, also the name of its checkpoint: another law of what it reads or writes needs another."""

REASONS_SEEN: Final = "reasons"
"""Name of the metric that counts each of contract.REASONS, in their order, in a batch of rejected records."""

Ends: TypeAlias = Mapping[str, Mapping[str, int]]
Figure: TypeAlias = int | str | Ends | Mapping[str, int] | None


def progress_file(settings: Settings, part: str) -> Path:
    return settings.world_dir / "run" / f"{part}.progress.json"


def ends_read(settings: Settings, *parts: str) -> dict[str, dict[tuple[str, int], int]]:
    """Query → (topic, partition) → how far it has read, of queries over topics; none of a part that has not said.

    What a query says of another generation of the topic is left out: its offsets count other records.
    """
    generation = settings.world.generation
    return {
        query: {
            (topic, int(partition)): offset
            for topic, partitions in cast(Ends, entry.get("ends") or {}).items()
            for partition, offset in partitions.items()
        }
        for part in parts
        for query, entry in read_progress(settings, part).items()
        if entry.get("generation", generation) == generation
    }


def read_progress(settings: Settings, part: str) -> Mapping[str, Mapping[str, Figure]]:
    """What the part last reported, query by query; {} before its first report."""
    try:
        progress: dict[str, dict[str, Figure]] = json.loads(progress_file(settings, part).read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    return progress


def write_progress(settings: Settings, part: str, progress: Mapping[str, Mapping[str, Figure]]) -> None:
    """Replace the file, whole or not at all; and the lag that `status` shows, which is the greatest of any query."""
    path = progress_file(settings, part)
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_suffix(f".{os.getpid()}")
    draft.write_text(json.dumps(progress), encoding="utf-8")
    draft.replace(path)
    lags = [lag for entry in progress.values() if isinstance(lag := entry.get("lag"), int)]
    announce_ready(settings, part, lag=max(lags, default=None))


def figures(progress: Mapping[str, object] | None) -> dict[str, Figure]:
    """One query's entry from its StreamingQueryProgress; {} before its first."""
    if progress is None:
        return {}
    report = json.loads(json.dumps(progress, default=str))
    source = report["sources"][0]
    ends, newest = _offsets(source["endOffset"]), _offsets(source["latestOffset"])
    seen = report.get("observedMetrics", {}).get(REASONS_SEEN)  # a Row, which JSON writes as a list of its values
    reasons = {} if seen is None else {"reasons": dict(zip(REASONS, seen, strict=True))}
    watermark = report.get("eventTime", {}).get("watermark")
    upserts: dict[str, int] = {}
    for operator in report.get("stateOperators", ()):
        name = operator["operatorName"]
        upserts[name] = upserts.get(name, 0) + operator["numRowsUpdated"]
    return {
        "batch": report["batchId"],
        "rows": report["numInputRows"],
        "batch_ms": report["batchDuration"],
        "at": report["timestamp"],
        # A Real-Time batch reads on beyond what was newest when it began.
        "lag": None if ends is None or newest is None else max(0, _total(newest) - _total(ends)),
        "ends": ends,
        **({"upserts": upserts} if upserts else {}),
        **({} if watermark is None else {"watermark_ms": _ms(watermark)}),
        **reasons,
    }


def _ms(text: str) -> int:
    return (dt.datetime.fromisoformat(text) - dt.datetime.fromtimestamp(0, dt.UTC)) // dt.timedelta(milliseconds=1)


def _offsets(text: object) -> Ends | None:
    """Kafka's offsets; None for those of a Delta table, which name versions and files."""
    offsets = json.loads(text) if isinstance(text, str) else text
    if not isinstance(offsets, dict) or not all(isinstance(partitions, dict) for partitions in offsets.values()):
        return None
    return offsets


def _total(ends: Ends) -> int:
    return sum(offset for partitions in ends.values() for offset in partitions.values())
