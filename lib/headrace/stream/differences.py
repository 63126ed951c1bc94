"""Two tables that should be equal, side by side: what both hold, what differs and in which fact. Nothing is written."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F
from pyspark.sql.types import MapType, StructField, StructType

from headrace.domain.facts import FACTS, zero

SHOWN: Final = 20
"""How many mismatches a comparison lists; it counts them all."""

COPIES: Final = "copies"
"""The fact that comes first: how often a side has the row. A row that was written twice differs by it."""

_NOTHING: Final = {COPIES: 0} | {name: 0 for name, nothing in zip(FACTS, zero(), strict=True) if nothing == 0}
"""What a row that is not there has of each fact; of any other, null."""


@dataclass(frozen=True, slots=True)
class Mismatch:
    """One fact of one row; `key` names owner and pane. Values as text; a row that a side has not counts nothing."""

    key: Mapping[str, str | int]
    fact: str
    stream: str | None
    recount: str | None


@dataclass(frozen=True, slots=True)
class Comparison:
    """How many keys either side has, and in which facts their rows differ.

    rows      those that were judged; unjudged: of which nothing can be said yet, or any more
    facts     fact → in how many rows it differs; only where it does
    listed    the first SHOWN mismatches by key
    """

    table: str
    rows: int
    equal: int
    unjudged: int
    facts: Mapping[str, int]
    listed: tuple[Mismatch, ...]

    @property
    def differing(self) -> int:
        return self.rows - self.equal


def side_by_side(stream: DataFrame, recount: DataFrame, key: Sequence[str]) -> DataFrame:
    """`key`, `stream` and `recount`: each side's other columns with COPIES, null where it has no such row.

    Both sides have the same columns; the recount has each key once.
    """
    facts = [field for field in recount.schema.fields if field.name not in key]
    first = [F.first(field.name).alias(field.name) for field in facts]
    held = stream.groupBy(*key).agg(F.count(F.lit(1)).alias(COPIES), *first)
    once = recount.withColumn(COPIES, F.lit(1).cast("long"))
    as_one = [F.col(COPIES), *(_comparable(field) for field in facts)]
    sides = (
        held.select(*key, F.struct(*as_one).alias("stream")),
        once.select(*key, F.struct(*as_one).alias("recount")),
    )
    return sides[0].join(sides[1], list(key), how="full")


def recounted_rows(rows: DataFrame, schema: StructType) -> DataFrame:
    """The recount's side of rows of `side_by_side` as the rows of `schema` that it was made from."""
    facts = set(rows.select("recount.*").columns)
    columns = [_original(field) if field.name in facts else F.col(field.name) for field in schema.fields]
    return rows.where(F.col("recount").isNotNull()).select(*columns)


def differs() -> Column:
    """Whether the two sides of a row of `side_by_side` are unequal."""
    return ~F.col("stream").eqNullSafe(F.col("recount"))


def compared(rows: DataFrame, table: str, key: Sequence[str], unjudged: int = 0) -> Comparison:
    """What rows of `side_by_side` say of `table`; they are read twice where something differs."""
    facts = _facts(rows)
    sums = [F.count_if(_differs(field)).alias(field.name) for field in facts]
    totals = rows.agg(F.count(F.lit(1)).alias("n_rows"), F.count_if(~differs()).alias("n_equal"), *sums).first()
    if totals is None:
        raise LookupError("an aggregate without groups gave no row")
    counts = {field.name: int(totals[field.name]) for field in facts if totals[field.name]}
    listed = _listed(rows, facts, key) if counts else ()
    return Comparison(table, int(totals["n_rows"]), int(totals["n_equal"]), unjudged, counts, listed)


def _listed(rows: DataFrame, facts: Sequence[StructField], key: Sequence[str]) -> tuple[Mismatch, ...]:
    each = F.array(
        *(
            F.when(
                _differs(field),
                F.struct(
                    F.lit(place).alias("place"),
                    F.lit(field.name).alias("fact"),
                    _of("stream", field).cast("string").alias("stream"),
                    _of("recount", field).cast("string").alias("recount"),
                ),
            )
            for place, field in enumerate(facts)
        )
    )
    first = rows.where(differs()).orderBy(*key).limit(SHOWN)  # each has one mismatch at least
    exploded = first.select(*key, F.explode(F.array_compact(each)).alias("of")).orderBy(*key, "of.place").limit(SHOWN)
    return tuple(
        Mismatch({name: row[name] for name in key}, row["of"]["fact"], row["of"]["stream"], row["of"]["recount"])
        for row in exploded.collect()
    )


def _facts(rows: DataFrame) -> list[StructField]:
    kind = rows.schema["recount"].dataType
    if not isinstance(kind, StructType):
        raise TypeError(f"recount is {kind.simpleString()}, not what side_by_side makes")
    return list(kind.fields)


def _differs(field: StructField) -> Column:
    return ~_of("stream", field).eqNullSafe(_of("recount", field))


def _of(side: str, field: StructField) -> Column:
    """A side's value; where it has no such row, that of nothing."""
    nothing = F.lit(_NOTHING.get(field.name)).cast(field.dataType)
    return F.when(F.col(side).isNull(), nothing).otherwise(F.col(f"{side}.{field.name}"))


def _comparable(field: StructField) -> Column:
    """Maps are not comparable in Spark; their sorted entries are."""
    is_map = isinstance(field.dataType, MapType)
    return (F.array_sort(F.map_entries(field.name)) if is_map else F.col(field.name)).alias(field.name)


def _original(field: StructField) -> Column:
    value = F.col(f"recount.{field.name}")
    return (F.map_from_entries(value) if isinstance(field.dataType, MapType) else value).alias(field.name)
