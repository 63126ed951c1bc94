"""Which rejected records were sent again, and as what: the Delta table `redriven`. It sends nothing itself."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import pyarrow as pa
from deltalake import DeltaTable, write_deltalake
from deltalake.exceptions import TableNotFoundError

from headrace.settings import Settings

COMMENT: Final = "Rejected records that were sent to events.raw again; written by headrace rejected redrive"

REDRIVEN: Final = pa.schema(
    [
        pa.field("src", pa.string(), metadata={"comment": "the rejected record, as in table rejected"}),
        pa.field("as_src", pa.string(), metadata={"comment": "the raw record that it became: judged anew"}),
        pa.field("redriven_ms", pa.int64(), metadata={"comment": "append time of that raw record"}),
    ]
)
"""Not partitioned and never deleted: a row is some forty bytes, and one is written by a person's command only."""


def redriven(settings: Settings) -> Mapping[str, str]:
    """src → the newest src that it was sent as; {} before the first."""
    try:
        rows = DeltaTable(settings.table("redriven")).to_pyarrow_table()
    except TableNotFoundError:
        return {}
    ordered = rows.sort_by([("redriven_ms", "ascending")])
    return dict(zip(ordered["src"].to_pylist(), ordered["as_src"].to_pylist(), strict=True))


def note(settings: Settings, sent: Mapping[str, tuple[str, int]]) -> None:
    """Write down src → (as_src, redriven_ms) of records that the broker has acknowledged. The table must be there."""
    columns = [
        list(sent),
        [as_src for as_src, _ in sent.values()],
        [redriven_ms for _, redriven_ms in sent.values()],
    ]
    write_deltalake(settings.table("redriven"), pa.table(columns, schema=REDRIVEN), mode="append")


def ensure_table(settings: Settings) -> None:
    """Make the table where it is missing: what cannot be noted down must not be sent."""
    DeltaTable.create(settings.table("redriven"), REDRIVEN, mode="ignore", name="redriven", description=COMMENT)
