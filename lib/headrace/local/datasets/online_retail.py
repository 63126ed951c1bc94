"""Online Retail (Chen, Sain, Guo 2012): invoices of a UK gift shop. Purchases only; the dirt is skipped by reason.

Skipped, the first that applies: `cancellation` (invoice C…), `quantity` (not positive: stock adjustments), `price`
(rounds to no penny: not a sale), `not_a_product` (codes such as POST, DOT, M, BANK CHARGES). A row without a customer
belongs to the session of its invoice. Times are UK local minutes; the hour that the clocks repeat is summer time.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime
from decimal import InvalidOperation
from functools import lru_cache
from pathlib import Path
from typing import Final
from zoneinfo import ZoneInfo

from headrace.errors import BadDataset
from headrace.local.datasets.csvfile import Cells, csv_files, csv_header, csv_rows, stem
from headrace.local.datasets.rows import Format, Row, Skip, minor_units
from headrace.local.wire import WireEvent, WireItem

COLUMNS: Final = ("InvoiceNo", "StockCode", "Description", "Quantity", "InvoiceDate", "UnitPrice", "CustomerID")
_LONDON: Final = ZoneInfo("Europe/London")
_PRODUCT: Final = re.compile(r"\d{5}[A-Za-z]{0,2}|DCGS\w+")
"""Five digits and a variant, or a DCGS code (goods of the shop's own web site); PADS, gift_… and the like are none."""


def events(folder: Path) -> Iterator[Row]:
    """Every row of every file: a purchase, or why it is none."""
    for path in csv_files(folder):
        prefix = stem(path)
        for line, cells in csv_rows(path, COLUMNS):
            try:
                yield _row(f"{prefix}:{line}", cells)
            except (ValueError, InvalidOperation) as error:
                raise BadDataset(f"{path}, line {line}: not a row of online_retail: {error}: {list(cells)}") from error


def items(folder: Path) -> Iterator[WireItem]:
    """One item per product code, with the title and the price of its newest sale."""
    newest: dict[str, tuple[str, int]] = {}
    for path in csv_files(folder):
        for _, (invoice, code, title, quantity, _, price, _) in csv_rows(path, COLUMNS):
            if _dirt(invoice, code, quantity, price) is None:
                newest[code] = (title.strip() or newest.get(code, ("", 0))[0], minor_units(price))
    for code, (title, price_minor) in sorted(newest.items()):
        yield WireItem(item_id=code, title=title or None, price_minor=price_minor, currency="GBP")


def _row(event_id: str, cells: Cells) -> Row:
    invoice, code, _, quantity, date, price, customer = cells
    reason = _dirt(invoice, code, quantity, price)
    if reason is not None:
        return Skip(reason)
    occurred_at, tz_offset_min = _utc(date)
    return WireEvent(
        event_id=event_id,
        kind="purchase",
        occurred_at=occurred_at,
        received_at=occurred_at,
        user_id=customer.removesuffix(".0") or None,
        session_id=invoice,
        item_id=code,
        value=float(quantity),
        price_minor=minor_units(price),
        currency="GBP",
        tz_offset_min=tz_offset_min,
    )


def _dirt(invoice: str, code: str, quantity: str, price: str) -> str | None:
    if invoice.startswith("C"):
        return "cancellation"
    if float(quantity) <= 0:
        return "quantity"
    if minor_units(price) <= 0:
        return "price"
    return None if _PRODUCT.fullmatch(code) else "not_a_product"


@lru_cache(maxsize=4096)  # the lines of an invoice share their minute: 20 rows, one conversion
def _utc(local: str) -> tuple[int, int]:
    moment = datetime.fromisoformat(local).replace(tzinfo=_LONDON)
    offset = moment.utcoffset()
    return int(moment.timestamp() * 1000), 0 if offset is None else int(offset.total_seconds()) // 60


ONLINE_RETAIL: Final = Format("online_retail", (COLUMNS,), csv_files, csv_header, events, items)
