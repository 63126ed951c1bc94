"""The dataset folder of Headrace: files whose columns are the event's own fields, as Parquet or CSV.

Event files are every *.parquet, *.csv and *.csv.gz but `items.*` and `users.*`, in name order. Needed: item_id,
occurred_at and a person (user_id or session_id). `kind` is `view` where the column is absent, `event_id` is
`<file>:<row>`, `received_at` is occurred_at; what a row does not say of its item is filled (domain/fill.py) from the
folder's items, with their version, a hash of the files, in the event. Other columns are left out. Skipped: `no_time`
(no occurred_at) and `no_person`; everything else is judged by ingest.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from hashlib import blake2b
from pathlib import Path
from typing import Final, TypeAlias

import msgspec
import pyarrow as pa
import pyarrow.csv as pacsv
import pyarrow.parquet as pq

from headrace.domain.catalogue import item_meta
from headrace.domain.events import MAX_EVENT_ID
from headrace.domain.fill import NOTHING, Fill, fill
from headrace.errors import BadDataset
from headrace.local.datasets.csvfile import csv_header, stem
from headrace.local.datasets.rows import Format, Row, Skip
from headrace.local.wire import WireEvent, WireItem, WireUser

Cells: TypeAlias = Mapping[str, object]

TYPES: Final = {
    "event_id": pa.string(),
    "kind": pa.string(),
    "occurred_at": pa.int64(),
    "received_at": pa.int64(),
    "user_id": pa.string(),
    "session_id": pa.string(),
    "item_id": pa.string(),
    "value": pa.float64(),
    "price_minor": pa.int64(),
    "currency": pa.string(),
    "category": pa.string(),
    "content_type": pa.string(),
    "query": pa.string(),
    "device": pa.string(),
    "lat": pa.float64(),
    "lon": pa.float64(),
    "tz_offset_min": pa.int64(),
    "request_id": pa.string(),
    "position": pa.int64(),
    "consent": pa.bool_(),
}
"""Every column that is read, with its type; ids that are numbers in the file become text."""

ITEM_TYPES: Final = {
    "item_id": pa.string(),
    "title": pa.string(),
    "category": pa.string(),
    "brand": pa.string(),
    "price_minor": pa.int64(),
    "currency": pa.string(),
    "content_type": pa.string(),
}
USER_TYPES: Final = {
    "user_id": pa.string(),
    "country": pa.string(),
    "region": pa.string(),
    "birth_year": pa.int64(),
    "gender": pa.string(),
    "segments": pa.string(),
    "language": pa.string(),
    "signed_up_at": pa.int64(),
    "consent": pa.bool_(),
}
SEGMENTS_APART: Final = "|"
NEEDS: Final = (("item_id", "occurred_at", "user_id"), ("item_id", "occurred_at", "session_id"))
_ENDINGS: Final = (".parquet", ".csv", ".csv.gz")
_BATCH_ROWS: Final = 20_000


def event_files(folder: Path) -> tuple[Path, ...]:
    """Every data file of the folder but its items and users, in name order."""
    return tuple(p for p in _data_files(folder) if stem(p) not in ("items", "users"))


def item_files(folder: Path) -> tuple[Path, ...]:
    """items.parquet, items.csv or items.csv.gz."""
    return tuple(p for p in _data_files(folder) if stem(p) == "items")


def header(path: Path) -> tuple[str, ...]:
    """The file's column names."""
    if path.suffix != ".parquet":
        return csv_header(path)
    try:
        return tuple(pq.read_schema(path).names)
    except (pa.ArrowInvalid, OSError) as error:
        raise BadDataset(f"{path}: cannot be read: {error}") from error


def events(folder: Path) -> Iterator[Row]:
    """Every row of every event file, filled from the folder's items."""
    known = {item.item_id: item for item in items(folder)}
    version = items_version(folder)
    for path in event_files(folder):
        for number, cells in enumerate(_rows(path, TYPES), start=1):
            yield _row(cells, stem(path), number, known, version)


def items(folder: Path) -> Iterator[WireItem]:
    """The rows of items.parquet, items.csv or items.csv.gz; () without one."""
    for path in item_files(folder):
        for number, cells in enumerate(_rows(path, ITEM_TYPES), start=1):
            if "item_id" not in cells:
                raise BadDataset(f"{path}, row {number}: it has no item_id")
            yield msgspec.convert(cells, WireItem)


def user_files(folder: Path) -> tuple[Path, ...]:
    """users.parquet, users.csv or users.csv.gz."""
    return tuple(p for p in _data_files(folder) if stem(p) == "users")


def users(folder: Path) -> Iterator[WireUser]:
    """The rows of users.parquet, users.csv or users.csv.gz; () without one. Segments have | between them."""
    for path in user_files(folder):
        for number, cells in enumerate(_rows(path, USER_TYPES), start=1):
            if "user_id" not in cells:
                raise BadDataset(f"{path}, row {number}: it has no user_id")
            segments = cells.get("segments")
            named = {"segments": tuple(segments.split(SEGMENTS_APART))} if isinstance(segments, str) else {}
            yield msgspec.convert({**cells, **named}, WireUser)


def items_version(folder: Path) -> str:
    """Names the content of the folder's items: the same files, the same version."""
    digest = blake2b(digest_size=8)
    for path in item_files(folder):
        digest.update(path.read_bytes())
    return f"items-{digest.hexdigest()}"


def _data_files(folder: Path) -> tuple[Path, ...]:
    return tuple(sorted(p for p in folder.iterdir() if p.name.endswith(_ENDINGS)))


def _rows(path: Path, types: Mapping[str, pa.DataType]) -> Iterator[dict[str, object]]:
    """The cells of each row that are not null, streamed by batch."""
    wanted = {name: kind for name, kind in types.items() if name in header(path)}
    try:
        for batch in _batches(path, wanted):
            columns = {name: _cast(batch.column(name), kind).to_pylist() for name, kind in wanted.items()}
            for values in zip(*columns.values(), strict=True):
                yield {name: value for name, value in zip(columns, values, strict=True) if value is not None}
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError, OSError, EOFError) as error:
        raise BadDataset(f"{path}: cannot be read as {', '.join(wanted)}: {error}") from error


def _batches(path: Path, wanted: Mapping[str, pa.DataType]) -> Iterator[pa.RecordBatch]:
    if path.suffix == ".parquet":
        with pq.ParquetFile(path) as parquet:
            yield from parquet.iter_batches(_BATCH_ROWS, columns=list(wanted))
        return
    convert = pacsv.ConvertOptions(column_types=dict(wanted), include_columns=list(wanted), strings_can_be_null=True)
    with pacsv.open_csv(path, convert_options=convert) as batches:
        yield from batches


def _cast(column: pa.Array, kind: pa.DataType) -> pa.Array:
    """The column in its field's type; a timestamp becomes ms since 1970 UTC, one without a zone is read as UTC."""
    if pa.types.is_timestamp(column.type):
        return column.cast(pa.timestamp("ms"), safe=False).cast(pa.int64())
    return column if column.type == kind else column.cast(kind)


def _row(cells: Cells, prefix: str, number: int, known: Mapping[str, WireItem], version: str) -> Row:
    if "occurred_at" not in cells:
        return Skip("no_time")
    if "user_id" not in cells and "session_id" not in cells:
        return Skip("no_person")
    said = {"kind": "view", **{name: value for name, value in cells.items() if name not in ("lat", "lon")}}
    item = known.get(str(cells.get("item_id")))
    filled = {
        "event_id": _event_id(prefix, number),
        "received_at": cells["occurred_at"],
        **said,
        **_fill(said, item, version).members,
    }
    if "lat" in cells and "lon" in cells:
        filled["place"] = {"lat": cells["lat"], "lon": cells["lon"]}
    return msgspec.convert(filled, WireEvent)


def _fill(said: Cells, item: WireItem | None, version: str) -> Fill:
    if item is None:
        return NOTHING
    meta = item_meta(msgspec.to_builtins(item), item.currency or "")
    return fill(said, meta, item.currency, version)


def _event_id(prefix: str, number: int) -> str:
    """`<file>:<row>`; the hash of that where a long file name would break the contract's 64 characters."""
    readable = f"{prefix}:{number}"
    return readable if len(readable) <= MAX_EVENT_ID else blake2b(readable.encode(), digest_size=16).hexdigest()


NATIVE: Final = Format("native", NEEDS, event_files, header, events, items, item_files, ("item_id",), users, user_files)
