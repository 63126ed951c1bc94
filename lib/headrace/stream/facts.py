"""domain.facts as Spark columns: the same law, counted natively. Columns out; no DataFrame, no session."""

from __future__ import annotations

from pyspark.sql import Column
from pyspark.sql import functions as F

from headrace.domain.distinct import COLUMN_BITS, COLUMNS, LEVELS
from headrace.domain.facts import COUNTS, PEOPLE, PERSON_FACTS, PLACE_NEWEST, SUMS, VALUE_FACT
from headrace.domain.panes import MINUTE_MS
from headrace.domain.places import LAST_MINUTE, LAT_BITS, LAT_STEPS, LON_BITS, LON_STEPS, PER_DEGREE

READS = ("kind", "value_milli", "price_minor", "currency", "tz_offset_min")
"""The columns of an event that facts are made from."""


def fact_totals(currency: str) -> list[Column]:
    """Aggregates over events, named and ordered as PERSON_FACTS. An extreme of nothing is null.

    Addition wraps at 64 bit as numpy's does: run with spark.sql.ansi.enabled=false, else one absurd price ends a query.
    """
    kind, price = F.col("kind"), priced(currency)
    totals = {name: F.count(F.when(kind == name.removeprefix("n_"), 1)) for name in COUNTS}
    for name in SUMS:
        sources = [(k, divisor) for k, (fact, divisor) in VALUE_FACT.items() if fact == name]
        if sources:
            totals[name] = _sum(F.coalesce(*(_value(kind == k, divisor) for k, divisor in sources)))
    totals |= {"price_n": F.count(price), "price_sum": _sum(price)}
    totals |= {"price_min": F.min(price), "price_max": F.max(price), "tz_offset_max": F.max("tz_offset_min")}
    return [totals[name].alias(name) for name in PERSON_FACTS]


def person_bit(person: Column) -> Column:
    """distinct.bits_of as a column."""
    hashed = F.xxhash64(F.crc32(person))
    capped = F.shiftrightunsigned(hashed, COLUMN_BITS).bitwiseOR(F.lit(1 << LEVELS - 1))
    level = F.bit_count(capped.bitwiseAND(-capped) - F.lit(1))
    return level * F.lit(COLUMNS) + hashed.bitwiseAND(F.lit(COLUMNS - 1))


def people_words(bit: Column) -> list[Column]:
    """Aggregates over rows with a `person_bit`, named as PEOPLE: distinct.words_of, of the bits that are not null."""
    mask = F.call_function("shiftleft", F.lit(1).cast("long"), (bit % F.lit(64)).cast("int"))
    word = F.shiftright(bit, 6)
    words = (F.bit_or(F.when(word == place, mask)) for place in range(len(PEOPLE)))
    return [F.coalesce(bits, F.lit(0)).alias(name) for bits, name in zip(words, PEOPLE, strict=True)]


def place_word(occurred_at: Column, lat: Column, lon: Column) -> Column:
    """places.place_word as a column; null without a place."""
    minute = F.least(F.call_function("div", occurred_at, F.lit(MINUTE_MS)), F.lit(LAST_MINUTE))
    lat_step = F.least(F.floor((lat + F.lit(90.0)) * F.lit(PER_DEGREE)), F.lit(LAT_STEPS - 1))
    lon_step = F.least(F.floor((lon + F.lit(180.0)) * F.lit(PER_DEGREE)), F.lit(LON_STEPS - 1))
    # `least` passes over nulls: both degrees are there, or neither is.
    word = F.shiftleft(F.shiftleft(minute, LAT_BITS).bitwiseOR(lat_step), LON_BITS).bitwiseOR(lon_step)
    return F.when(lat.isNotNull() & lon.isNotNull(), word)


def newest_place(word: Column) -> Column:
    """Aggregate over rows with a `place_word`, or null."""
    return F.coalesce(F.max(word), F.lit(0)).alias(PLACE_NEWEST)


def priced(currency: str) -> Column:
    """price_minor where it is in the world's currency, or in none; else null."""
    return F.when(F.col("currency").isNull() | (F.col("currency") == currency), F.col("price_minor"))


def merged_facts() -> list[Column]:
    """Aggregates over rows that hold PERSON_FACTS already: the merge of them all."""
    return [_merged(name).alias(name) for name in PERSON_FACTS]


def _merged(name: str) -> Column:
    if name == "price_min":
        return F.min(name)
    return F.max(name) if name in ("price_max", "tz_offset_max") else _sum(F.col(name))


def _sum(values: Column) -> Column:
    return F.coalesce(F.sum(values), F.lit(0))


def _value(of_kind: Column, divisor: int) -> Column:
    """value_milli // divisor, rounded down as in Python, for events of one kind."""
    value = F.col("value_milli")
    if divisor != 1:
        value = F.call_function("div", value - F.pmod(value, F.lit(divisor)), F.lit(divisor))
    return F.when(of_kind, value)
