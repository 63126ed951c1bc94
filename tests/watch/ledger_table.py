"""A table `events` as far as its log says when the newest event came: one append per batch. Needs no JVM."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

import pyarrow as pa
from deltalake import write_deltalake

from headrace.settings import Settings

_COLUMNS = pa.schema([("event_date", pa.date32()), ("person", pa.string()), ("clean_ms", pa.int64())])


def append(settings: Settings, came_ms: Sequence[int]) -> None:
    """Events that came then, whatever day they are of; none: the table and nothing in it."""
    days = [dt.date(2010, 12, 1) + dt.timedelta(days=number) for number in range(len(came_ms))]
    rows = pa.table([days, ["u:1"] * len(days), list(came_ms)], schema=_COLUMNS)
    write_deltalake(settings.table("events"), rows, mode="append", partition_by=["event_date"])
