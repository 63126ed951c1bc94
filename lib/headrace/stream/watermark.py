"""Event time that is computed, and still lets Spark end state. Columns out; how far the watermark lags is the caller's.

Spark ends the state of a group when its event-time column falls behind the watermark, and knows that column by a
metadata key which `withWatermark` sets and every computation on it loses. Windows of several lengths, and owners of
several kinds, in one aggregation need a computed one.
"""

from __future__ import annotations

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F


def state_ends(column: str, state_horizon_ms: int) -> Column:
    """A timestamp column, marked as the moment when its group's state may end."""
    return F.col(column).alias(column, metadata={"spark.watermarkDelayMs": state_horizon_ms})


def with_state_horizon(events: DataFrame, state_horizon_ms: int) -> DataFrame:
    """The watermark on `occurred`: a horizon for state, never a judgement of lateness (that is a law on the event)."""
    return events.withWatermark("occurred", f"{state_horizon_ms} milliseconds")
