"""Datasets written by hand, and what a folder turned into. It judges nothing."""

from __future__ import annotations

import gzip
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from headrace.local.datasets import Dataset, spool
from headrace.local.wire import WireEvent

RETAIL_HEADER = "InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country"


@dataclass(frozen=True, slots=True)
class Read:
    """What a folder turned into."""

    events: tuple[WireEvent, ...]
    skipped: Mapping[str, int]


def read(dataset: Dataset, run_events: int = 100_000) -> Read:
    with spool(dataset.events(), dataset.folder / "tmp", run_events=run_events) as spooled:
        return Read(tuple(spooled.events()), dict(spooled.skipped))


def write(path: Path, *lines: str) -> None:
    text = "\n".join(lines) + "\n"
    path.write_bytes(gzip.compress(text.encode()) if path.suffix == ".gz" else text.encode())


def ms(iso: str) -> int:
    return int(datetime.fromisoformat(iso).replace(tzinfo=UTC).timestamp() * 1000)
