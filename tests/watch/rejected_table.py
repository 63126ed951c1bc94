"""A table `rejected` as the archive query leaves it: one append per batch, partitioned by day. Needs no JVM."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
from deltalake import write_deltalake

from headrace.settings import Paths, Settings, World

DAY = 86_400_000
NOON = 1_764_590_400_000  # 2025-12-01T12:00Z


@dataclass(frozen=True, slots=True)
class Row:
    """One row; `copy` is its place in events.rejected, where a killed ingest may have written it twice."""

    offset: int
    src_ms: int
    reason: str = "not_json"
    raw: bytes = b"x"
    detail: str = "why"
    copy: int | None = None
    partition: int = 0

    @classmethod
    def of(cls, raw: bytes, headers: Mapping[str, str]) -> Row:
        """The row of a record of events.rejected."""
        _, partition, offset = map(int, headers["src"].split(":"))
        told = headers["reason"], raw, headers["detail"]
        return cls(offset, int(headers["src_ms"]), *told, partition=partition)

    @property
    def src(self) -> str:
        return f"1:{self.partition}:{self.offset}"


def settings_of(var: Path, world: World | None = None) -> Settings:
    return Settings(paths=Paths(var=var), world=world or World())


def append(settings: Settings, rows: Sequence[Row]) -> None:
    columns = {
        "rejected_date": pa.array([dt.datetime.fromtimestamp(row.src_ms / 1000, dt.UTC).date() for row in rows]),
        "src": [row.src for row in rows],
        "src_ms": [row.src_ms for row in rows],
        "raw_generation": [1 for _ in rows],
        "raw_partition": [row.partition for row in rows],
        "raw_offset": [row.offset for row in rows],
        "reason": [row.reason for row in rows],
        "detail": [row.detail for row in rows],
        "raw": [row.raw for row in rows],
        "rejected_partition": [0 for _ in rows],
        "rejected_offset": [row.offset if row.copy is None else row.copy for row in rows],
    }
    write_deltalake(settings.table("rejected"), pa.table(columns), mode="append", partition_by=["rejected_date"])
