"""A ledger small enough to work out by hand, written without Spark: what training reads is what anybody wrote."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pyarrow as pa
from deltalake import write_deltalake

from headrace.domain.panes import DAY_MS

T0 = 1_700_000_000_000
"""Tuesday 14 November 2023, 22:13:20 UTC."""

LEDGER = pa.schema(
    [
        ("event_date", pa.date32()),
        ("person", pa.string()),
        ("event_id", pa.string()),
        ("occurred_at", pa.int64()),
        ("received_at", pa.int64()),
        ("kind", pa.string()),
        ("item_id", pa.string()),
        ("value_milli", pa.int64()),
        ("category", pa.string()),
        ("lat", pa.float64()),
        ("lon", pa.float64()),
        ("tz_offset_min", pa.int64()),
        ("raw_generation", pa.int64()),
        ("clean_partition", pa.int64()),
        ("clean_offset", pa.int64()),
    ]
)


@dataclass(frozen=True)
class Row:
    """One record of the ledger; `days` after T0 it happened, and was received a second later."""

    person: str
    item: str | None
    kind: str = "purchase"
    days: float = 0.0
    event_id: str | None = None
    value_milli: int | None = None
    received_later_ms: int = 1_000
    category: str | None = None
    place: tuple[float, float] | None = None
    tz_offset_min: int | None = None


def append(path: Path, rows: Sequence[Row], first_offset: int = 0) -> None:
    """One Delta version more, with these rows at consecutive clean offsets."""
    plain = []
    for offset, row in enumerate(rows, first_offset):
        occurred_at = T0 + round(row.days * DAY_MS)
        plain.append(
            {
                "event_date": datetime.fromtimestamp(occurred_at / 1000, UTC).date(),
                "person": row.person,
                "event_id": row.event_id or f"e{offset}",
                "occurred_at": occurred_at,
                "received_at": occurred_at + row.received_later_ms,
                "kind": row.kind,
                "item_id": row.item,
                "value_milli": row.value_milli,
                "category": row.category,
                "lat": None if row.place is None else row.place[0],
                "lon": None if row.place is None else row.place[1],
                "tz_offset_min": row.tz_offset_min,
                "raw_generation": 1,
                "clean_partition": 0,
                "clean_offset": offset,
            }
        )
    write_deltalake(str(path), pa.Table.from_pylist(plain, LEDGER), mode="append", partition_by=["event_date"])
