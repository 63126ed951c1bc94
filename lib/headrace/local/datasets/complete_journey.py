"""The Complete Journey (84.51°): grocery line items in dollars, with baskets, categories and local time.

Every line is a purchase; one of quantity 0 (a coupon's line) stays one, of value 0 and without a price.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from decimal import InvalidOperation
from pathlib import Path
from typing import Final

from headrace.errors import BadDataset
from headrace.local.datasets.csvfile import Cells, csv_files, csv_header, csv_rows, stem
from headrace.local.datasets.rows import Format, Row, minor_units
from headrace.local.wire import WireEvent, WireItem

COLUMNS: Final = (
    "ts_ms",
    "user_id",
    "session_id",
    "item_id",
    "event_type",
    "price",
    "quantity",
    "category",
    "local_time",
)
PRODUCT_COLUMNS: Final = ("product_id", "brand", "product_category", "product_type", "package_size")


def event_files(folder: Path) -> tuple[Path, ...]:
    """events.csv.gz, or events*.csv.gz; the folder's other tables are no events."""
    return csv_files(folder, "events")


def product_files(folder: Path) -> tuple[Path, ...]:
    """products.csv.gz, where the folder has it."""
    return csv_files(folder, "products")


def events(folder: Path) -> Iterator[Row]:
    """Every line item as a purchase."""
    for path in event_files(folder):
        prefix = stem(path)
        for line, cells in csv_rows(path, COLUMNS):
            try:
                yield _event(f"{prefix}:{line}", cells)
            except (ValueError, InvalidOperation) as error:
                raise BadDataset(
                    f"{path}, line {line}: not a row of complete_journey: {error}: {list(cells)}"
                ) from error


def items(folder: Path) -> Iterator[WireItem]:
    """The product table, where the folder has one; it holds no prices."""
    for path in product_files(folder):
        for _, (item_id, brand, category, kind, size) in csv_rows(path, PRODUCT_COLUMNS):
            title = ", ".join(part for part in (kind, size) if part)
            yield WireItem(item_id=item_id, title=title or None, category=category or None, brand=brand or None)


def _event(event_id: str, cells: Cells) -> WireEvent:
    moment, user_id, session_id, item_id, kind, price, quantity, category, local_time = cells
    offset = datetime.fromisoformat(local_time).utcoffset()
    return WireEvent(
        event_id=event_id,
        kind=kind,
        occurred_at=int(moment),
        received_at=int(moment),
        user_id=user_id or None,
        session_id=session_id or None,
        item_id=item_id,
        value=float(quantity) if quantity else None,
        price_minor=minor_units(price) if price else None,
        currency="USD" if price else None,
        category=category or None,
        tz_offset_min=None if offset is None else int(offset.total_seconds()) // 60,
    )


COMPLETE_JOURNEY: Final = Format(
    "complete_journey", (COLUMNS,), event_files, csv_header, events, items, product_files, PRODUCT_COLUMNS
)
