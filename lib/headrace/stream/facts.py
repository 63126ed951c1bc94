"""domain.facts as Spark columns: the same law, counted natively. Columns out; no DataFrame, no session."""

from __future__ import annotations

from pyspark.sql import Column
from pyspark.sql import functions as F

from headrace.domain.facts import COUNTS, FACTS, SUMS, VALUE_FACT

READS = ("kind", "value_milli", "price_minor", "currency")
"""The columns of an event that facts are made from."""


def fact_totals(currency: str) -> list[Column]:
    """Aggregates over events, named and ordered as FACTS. Only price_min and price_max can be null: no price seen.

    Addition wraps at 64 bit as numpy's does: run with spark.sql.ansi.enabled=false, else one absurd price ends a query.
    """
    kind, price = F.col("kind"), priced(currency)
    totals = {name: F.count(F.when(kind == name.removeprefix("n_"), 1)) for name in COUNTS}
    for name in SUMS:
        sources = [(k, divisor) for k, (fact, divisor) in VALUE_FACT.items() if fact == name]
        if sources:
            totals[name] = _sum(F.coalesce(*(_value(kind == k, divisor) for k, divisor in sources)))
    totals |= {"price_n": F.count(price), "price_sum": _sum(price)}
    totals |= {"price_min": F.min(price), "price_max": F.max(price)}
    return [totals[name].alias(name) for name in FACTS]


def priced(currency: str) -> Column:
    """price_minor where it is in the world's currency, or in none; else null."""
    return F.when(F.col("currency").isNull() | (F.col("currency") == currency), F.col("price_minor"))


def merged_facts() -> list[Column]:
    """Aggregates over rows that hold FACTS already: the merge of them all."""
    return [_merged(name).alias(name) for name in FACTS]


def _merged(name: str) -> Column:
    if name == "price_min":
        return F.min(name)
    return F.max(name) if name == "price_max" else _sum(F.col(name))


def _sum(values: Column) -> Column:
    return F.coalesce(F.sum(values), F.lit(0))


def _value(of_kind: Column, divisor: int) -> Column:
    """value_milli // divisor, rounded down as in Python, for events of one kind."""
    value = F.col("value_milli")
    if divisor != 1:
        value = F.call_function("div", value - F.pmod(value, F.lit(divisor)), F.lit(divisor))
    return F.when(of_kind, value)
