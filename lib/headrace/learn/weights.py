"""What an event says for or against its item, in integer thousandths: domain/strength.py as a native Spark column.

Integers, so that a sum over events depends on neither order nor grouping. A test holds it against the law itself.
"""

from __future__ import annotations

from typing import Literal

from pyspark.sql import Column
from pyspark.sql import functions as F

from headrace.domain.strength import (
    HALF_DWELL_MS,
    HALF_WATCH_MS,
    KIND_STRENGTH,
    MOST_OF_STARS,
    MOST_OF_TIME,
    neutral_value_milli,
)

Weighting = Literal["binary", "kind"]


def weight_milli(kind: Column, value_milli: Column) -> Column:
    """bigint: a thousand times the strength of an event, halves up. An absent value is the kind's neutral one."""
    stars = (F.coalesce(value_milli, F.lit(neutral_value_milli("rating"))) - neutral_value_milli("rating")) / 1000
    strength = (
        F.when(kind == "rating", F.greatest(F.least(stars, F.lit(MOST_OF_STARS)), F.lit(-MOST_OF_STARS)))
        .when(kind == "dwell", _saturated(value_milli, HALF_DWELL_MS))
        .when(kind == "watch", _saturated(value_milli, HALF_WATCH_MS))
    )
    for name, fixed in KIND_STRENGTH.items():
        if name not in ("rating", "dwell", "watch"):
            strength = strength.when(kind == name, F.lit(fixed))
    return F.floor(strength.otherwise(F.lit(0.0)) * 1000 + 0.5).cast("long")


def _saturated(value_milli: Column, half_ms: float) -> Column:
    ms = F.greatest(F.coalesce(value_milli, F.lit(0)) / 1000, F.lit(0.0))
    return MOST_OF_TIME * ms / (ms + half_ms)
