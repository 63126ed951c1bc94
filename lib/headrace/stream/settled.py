"""Which hours the stream will write no more, and hours that are asked for held against that. No tables are written."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from delta.tables import DeltaTable
from pyspark.sql import SparkSession
from pyspark.sql import functions as F

from headrace.domain.panes import HOUR_MS, hour_of
from headrace.errors import BadInput
from headrace.moments import utc
from headrace.settings import Settings
from headrace.stream.checkpoint import done_watermark_ms
from headrace.stream.clean import in_windows
from headrace.stream.finals import SESSIONS, WINDOWS

APPENDING: Final = (WINDOWS, SESSIONS)
"""Queries that append: what they have not appended yet must not be there before them, else it is there twice.

The hot query has no say: it replaces totals by the same totals, however late.
"""


@dataclass(frozen=True, slots=True)
class Hours:
    """Whole UTC hours [from_ms, to_ms), all of them closed; `settled_ms`: what ends by then is closed too."""

    from_ms: int
    to_ms: int
    settled_ms: int

    def __post_init__(self) -> None:
        if not self.from_ms < self.to_ms <= self.settled_ms or self.from_ms % HOUR_MS or self.to_ms % HOUR_MS:
            raise ValueError(f"{self} are not whole closed hours")

    def __str__(self) -> str:
        return f"{utc(self.from_ms)} to {utc(self.to_ms)}"


def closed_hours(from_ms: int, to_ms: int, settled_ms: int) -> Hours:
    """The hours that were asked for. Raises BadInput where they are not whole, none, or not all closed."""
    for flag, moment in (("--from", from_ms), ("--to", to_ms)):
        if moment % HOUR_MS:
            raise BadInput(f"{flag} {utc(moment)}: whole hours are rebuilt; {utc(hour_of(moment))} is one's start")
    if from_ms >= to_ms:
        raise BadInput(f"--from {utc(from_ms)} --to {utc(to_ms)}: no hour is in there; --to is the first one left out")
    if settled_ms < HOUR_MS:
        raise BadInput(
            f"--to {utc(to_ms)}: no hour is closed yet: one closes when an event in the ledger is the state horizon "
            "younger and the finals (jobs/features.py) have passed it"
        )
    if to_ms > settled_ms:
        raise BadInput(
            f"--to {utc(to_ms)}: hours from {utc(hour_of(settled_ms))} on are open, the stream itself still "
            "writes them: an hour closes when an event is the state horizon younger and the finals have passed it"
        )
    return Hours(from_ms, to_ms, settled_ms)


def closed_part(from_ms: int, to_ms: int, settled_ms: int) -> Hours | None:
    """The whole closed hours that lie in [from_ms, to_ms); None where there is none."""
    first, end = -(-from_ms // HOUR_MS) * HOUR_MS, min(hour_of(to_ms), hour_of(settled_ms))
    return Hours(first, end, settled_ms) if first < end else None


def settled_until(spark: SparkSession, settings: Settings) -> int:
    """What ended by this moment is closed: behind the state horizon of the newest event, and appended by the finals.

    0 where nothing is.
    """
    if not DeltaTable.isDeltaTable(spark, settings.table("events")):
        return 0
    ledger = in_windows(spark.read.format("delta").load(settings.table("events")))
    ((newest_ms,),) = ledger.agg(F.max("occurred_at")).collect()
    horizon_ms = 0 if newest_ms is None else newest_ms - settings.world.state_horizon_ms
    return max(0, min(horizon_ms, *(done_watermark_ms(spark, settings.checkpoint(name)) for name in APPENDING)))
