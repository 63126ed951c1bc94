"""domain.hour_sample natively: the same cells of each owner's hour. DataFrame in, DataFrame out."""

from __future__ import annotations

from pyspark.sql import Column, DataFrame, Window
from pyspark.sql import functions as F

from headrace.domain.hour_sample import MOST_CELLS
from headrace.domain.panes import HOUR_MS, PANE_MS


def sampled(panes: DataFrame) -> DataFrame:
    """The rows of PANE_COLUMNS, one a cell, that the sample of their owner's hour has."""
    hour = F.col("pane_ms") - _after_hour()
    ranked = Window.partitionBy("grain", "owner", hour).orderBy(F.sha2(_entry_key(), 256))
    return panes.withColumn("rank", F.row_number().over(ranked)).where(F.col("rank") <= MOST_CELLS).drop("rank")


def _entry_key() -> Column:
    """panes.entry_key as a column."""
    pane = F.call_function("div", _after_hour(), F.lit(PANE_MS))
    begin = F.format_string("%02d:%d|", pane, F.length("category"))
    return F.concat(begin, F.col("category"), F.lit("|"), F.col("content_type"))


def _after_hour() -> Column:
    return F.pmod(F.col("pane_ms"), F.lit(HOUR_MS))
