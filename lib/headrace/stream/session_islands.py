"""Which sessions must be replaced together: those of one key that overlap in time, whoever computed them. No reads.

An event that the stream missed may split a session in two, and the second half may lie in other hours. So what is
replaced is an island: sessions of one (person, session_id), of the stream and of the recount, that overlap.
"""

from __future__ import annotations

from typing import Final

from pyspark.sql import Column, DataFrame, Window
from pyspark.sql import functions as F

from headrace.domain.events import SESSION_GAP_MS
from headrace.stream.settled import Hours

SESSION_KEY: Final = ("person", "session_id", "started_ms")
STREAM, RECOUNT = "stream", "recount"


def islands(stream: DataFrame, recount: DataFrame, hours: Hours, read_from_ms: int, read_to_ms: int) -> DataFrame:
    """Rows of SESSIONS of both in islands that have a moment in the hours, with `side` and what holds of the island.

    settled  the stream will append nothing more of it
    cut      it reaches to an edge of what the recount has read: read more
    """
    both = stream.withColumn("side", F.lit(STREAM)).unionByName(recount.withColumn("side", F.lit(RECOUNT)))
    of_key = Window.partitionBy("person", "session_id").orderBy("started_ms", "ended_ms")
    before = F.max("ended_ms").over(of_key.rowsBetween(Window.unboundedPreceding, -1))
    begins = both.withColumn("begins", F.coalesce(F.col("started_ms") > before, F.lit(True)).cast("int"))
    numbered = begins.withColumn("island", F.sum("begins").over(of_key))
    touches = (F.col("started_ms") < hours.to_ms) & (F.col("ended_ms") >= hours.from_ms)
    is_settled = F.col("ended_ms") + SESSION_GAP_MS <= hours.settled_ms
    at_edge = (F.col("started_ms") - SESSION_GAP_MS <= read_from_ms) | (
        is_settled & (F.col("ended_ms") + SESSION_GAP_MS >= read_to_ms)
    )
    judged = numbered.withColumns(
        {"touches": _any(touches), "settled": ~_any(~is_settled), "cut": _any(at_edge)},
    )
    return judged.where("touches").drop("begins", "island", "touches")


def _any(condition: Column) -> Column:
    return F.bool_or(condition).over(Window.partitionBy("person", "session_id", "island"))
