"""What an event says for or against its item, in integer thousandths: domain/strength.py as a native Spark column.

Integers, so that a sum over events depends on neither order nor grouping. A test holds it against the law itself.
"""

from __future__ import annotations

from typing import Literal

from pyspark.sql import Column
from pyspark.sql import functions as F

from headrace.domain.strength import KIND_STRENGTH, MOST_OF_STARS, TIMED, neutral_value_milli

Weighting = Literal["binary", "kind"]


def weight_milli(kind: Column, value_milli: Column) -> Column:
    """bigint: a thousand times the strength of an event, halves up. An absent value is the kind's neutral one."""
    stars = (F.coalesce(value_milli, F.lit(neutral_value_milli("rating"))) - neutral_value_milli("rating")) / 1000
    is_rating = kind == "rating"
    strength = F.when(is_rating, F.greatest(F.least(stars, F.lit(MOST_OF_STARS)), F.lit(-MOST_OF_STARS)))
    for name, (most, half_ms) in TIMED.items():
        strength = strength.when(kind == name, _saturated(value_milli, most, half_ms))
    for name, fixed in KIND_STRENGTH.items():
        if name != "rating" and name not in TIMED:
            strength = strength.when(kind == name, F.lit(fixed))
    return F.floor(strength.otherwise(F.lit(0.0)) * 1000 + 0.5).cast("long")


def _saturated(value_milli: Column, most: float, half_ms: float) -> Column:
    ms = F.greatest(F.coalesce(value_milli, F.lit(0)) / 1000, F.lit(0.0))
    return most * ms / (ms + half_ms)
