"""What table `rejected` holds: how many of each reason, which records, their bytes. Delta without a JVM; it only reads.

Sending them again is redrive.py, printing them commands/rejected.py.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import reduce
from operator import and_
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.dataset as ds
from deltalake import DeltaTable
from deltalake.exceptions import TableNotFoundError

from headrace.domain.panes import HOUR_MS
from headrace.errors import BadInput
from headrace.settings import Settings

KNOWN: Final = (
    "src", "src_ms", "reason", "raw_generation", "raw_partition", "raw_offset", "rejected_partition", "rejected_offset",
)  # fmt: skip
"""The columns read of every record that is asked for; detail and bytes only of those that are shown or sent."""

RATE_MINUTES: Final = 5
"""The rate of rejections is told over so many minutes: a burst shows, a batch of the archive query does not."""

# A record may be 1 MiB: small batches, pages as they are needed and no file read ahead keep a scan below 256 MiB.
_BYTES_SCAN: Final = {
    "batch_size": 256,
    "batch_readahead": 1,
    "fragment_readahead": 1,
    "use_threads": False,
    "fragment_scan_options": ds.ParquetFragmentScanOptions(use_buffered_stream=True, pre_buffer=False),
}


@dataclass(frozen=True, slots=True)
class Choice:
    """Which records are meant: all that is given must hold. Times are of the raw record's append, [from_ms, to_ms)."""

    reason: str | None = None
    srcs: tuple[str, ...] = ()
    from_ms: int | None = None
    to_ms: int | None = None


@dataclass(frozen=True, slots=True)
class Rejected:
    """One record. `raw` may be its beginning only; `size` is of all its bytes."""

    src: str
    src_ms: int
    reason: str
    detail: str
    raw: bytes
    size: int


def open_rejected(settings: Settings) -> ds.Dataset:
    """The table as it is now. Raises BadInput where there is none, and says what to do."""
    path, world = settings.table("rejected"), settings.world.name
    try:
        return DeltaTable(path).to_pyarrow_dataset()
    except TableNotFoundError as error:
        if not settings.paths.lake and not settings.world_dir.is_dir():
            worlds = ", ".join(sorted(folder.name for folder in settings.world_dir.parent.glob("*") if folder.is_dir()))
            have = f"there is {worlds}" if worlds else "there is none yet"
            raise BadInput(f"--world {world}: no such world below {settings.paths.var}: {have}") from error
        raise BadInput(
            f"{path}: no table of rejected records yet; jobs/features.py makes it: headrace up --world {world}"
        ) from error


def known(rejected: ds.Dataset, choice: Choice) -> pa.Table:
    """src, src_ms and reason of every chosen record, the oldest first; one row per src, though a killed ingest may have
    written it again: the first that it wrote. Some 300 bytes of memory each.
    """
    rows = rejected.scanner(columns=list(KNOWN), filter=_filter(choice)).to_table()
    of_src = [rows[name].to_numpy() for name in ("raw_generation", "raw_partition", "raw_offset")]
    written = [rows[name].to_numpy() for name in ("rejected_partition", "rejected_offset")]
    order = np.lexsort((*reversed(written), *reversed(of_src)))  # by src, then as it was written
    is_first = np.ones(len(order), np.bool_)
    is_first[1:] = np.any([np.diff(part[order]) != 0 for part in of_src], axis=0)
    firsts = order[is_first]
    generation, partition, offset = (part[firsts] for part in of_src)
    arrived = np.lexsort((offset, partition, generation, rows["src_ms"].to_numpy()[firsts]))
    return rows.select(["src", "src_ms", "reason"]).take(pa.array(firsts[arrived]))


def per_reason(rows: pa.Table) -> dict[str, int]:
    """How many of each reason, the most frequent first."""
    counted = rows.group_by("reason").aggregate([([], "count_all")])
    ordered = counted.sort_by([("count_all", "descending"), ("reason", "ascending")])
    return {row["reason"]: row["count_all"] for row in ordered.to_pylist()}


def newly_rejected(settings: Settings, now_ms: int) -> dict[str, int] | None:
    """How many of each reason were received in the last RATE_MINUTES; None where there is no table.

    What ingest rejected is in the table some spark.archive_trigger later: the newest seconds are not in it yet.
    """
    try:
        rejected = open_rejected(settings)
    except BadInput:
        return None
    return per_reason(known(rejected, Choice(from_ms=now_ms - RATE_MINUTES * 60_000)))


def per_hour(rows: pa.Table) -> dict[tuple[int, str], int]:
    """How many of each (start of the hour in ms, reason), in time's order."""
    ms = rows["src_ms"].to_numpy()
    hours = rows.select(["reason"]).append_column("hour", pa.array(ms - ms % HOUR_MS))
    counted = hours.group_by(["hour", "reason"]).aggregate([([], "count_all")])
    ordered = counted.sort_by([("hour", "ascending"), ("reason", "ascending")])
    return {(row["hour"], row["reason"]): row["count_all"] for row in ordered.to_pylist()}


def with_bytes(rejected: ds.Dataset, rows: pa.Table, at_most: int | None = None) -> list[Rejected]:
    """The records of `rows` (as `known` gives them) in their order, with the first `at_most` bytes or all of them."""
    if rows.num_rows == 0:
        return []
    found = dict(_told(rejected, rows, at_most))
    return [Rejected(row["src"], row["src_ms"], row["reason"], *found[row["src"]]) for row in rows.to_pylist()]


def _told(rejected: ds.Dataset, rows: pa.Table, at_most: int | None) -> Iterator[tuple[str, tuple[str, bytes, int]]]:
    """src and (detail, bytes, size); only from files and row groups that can have them."""
    of_time = Choice(from_ms=pc.min(rows["src_ms"]).as_py(), to_ms=pc.max(rows["src_ms"]).as_py() + 1)
    raw = ds.field("raw")
    columns: Mapping[str, pc.Expression] = {
        "src": ds.field("src"),
        "detail": ds.field("detail"),
        "raw": raw if at_most is None else pc.binary_slice(raw, 0, at_most),
        "size": pc.binary_length(raw),
    }
    wanted = _filter(of_time) & ds.field("src").isin(rows["src"].to_pylist())
    for batch in rejected.scanner(columns=columns, filter=wanted, **_BYTES_SCAN).to_batches():
        for row in batch.to_pylist():
            yield row["src"], (row["detail"] or "", row["raw"] or b"", row["size"] or 0)


def _filter(choice: Choice) -> pc.Expression | None:
    """Also on the partition, so that files of other days are not opened."""
    parts = []
    if choice.reason is not None:
        parts.append(ds.field("reason") == choice.reason)
    if choice.srcs:
        parts.append(ds.field("src").isin(list(choice.srcs)))
    if choice.from_ms is not None:
        parts += [ds.field("src_ms") >= choice.from_ms, ds.field("rejected_date") >= _utc_date(choice.from_ms)]
    if choice.to_ms is not None:
        parts += [ds.field("src_ms") < choice.to_ms, ds.field("rejected_date") <= _utc_date(choice.to_ms)]
    return reduce(and_, parts) if parts else None


def _utc_date(ms: int) -> dt.date:
    return dt.datetime.fromtimestamp(ms / 1000, dt.UTC).date()
