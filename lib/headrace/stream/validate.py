"""The event contract in Spark columns: records in, the same records with a verdict out. No Kafka, no UDF, no state.

The law and its table are domain/contract.py; tests/stream/test_validate.py holds the two to one verdict on one corpus.
from_json would pass wrong types, trailing garbage, NaN and duplicate names, so the text becomes a VARIANT and each
field is held to the type that the VARIANT gave it.
"""

from __future__ import annotations

from collections.abc import Iterable

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from headrace.domain import clean, contract
from headrace.domain.contract import FIELDS, Field, Type
from headrace.domain.events import KINDS, MAX_AHEAD_MS, MAX_EVENT_BYTES
from headrace.stream.strict_json import sealed, text_of, unsealed

SHOWN = 100
"""How much of a faulty value its detail repeats, in characters."""

_TOP = tuple(field for field in FIELDS if "." not in field.name)
_OF_PLACE = tuple(field for field in FIELDS if "." in field.name)
_SPARK_TYPE = {
    Type.TEXT: "string",
    Type.CURRENCY: "string",
    Type.INTEGER: "bigint",
    Type.NUMBER: "double",
    Type.BOOLEAN: "boolean",
    Type.OBJECT: f"struct<{','.join(f'{name}:variant' for name in sorted(contract.KNOWN_OF_PLACE))}>",
}


def with_verdict(records: DataFrame, *, trust_received_at: bool, allowed_lateness_ms: int) -> DataFrame:
    """`records` needs value (binary) and record_ms (bigint); all its columns stay.

    Added: reason and detail (null for an event), person and clean (the JSON text of events.clean; null for the rest).
    """
    received_at = F.col("record_ms")
    if trust_received_at:
        received_at = F.coalesce("event.received_at", received_at)
    raw = F.coalesce("value", F.lit(b""))  # a tombstone is judged as what it holds: nothing
    judged = (
        records.withColumn("too_large", F.octet_length(raw) > MAX_EVENT_BYTES)
        .withColumn("text", F.when(~F.col("too_large"), text_of(raw)))
        .withColumn("sealed", sealed(F.col("text")))
        .withColumn("document", unsealed(F.col("sealed"), F.col("text")))
        .withColumn("given", F.try_variant_get("document", "$", _struct_of_variants(_TOP)))
        .withColumn("given_place", F.try_variant_get("given.place", "$", _struct_of_variants(_OF_PLACE)))
        .withColumn("type", F.struct(*(_type_of(field).alias(_column(field)) for field in FIELDS)))
        .withColumn("event", F.struct(*(_typed(field).alias(_column(field)) for field in FIELDS)))
        .withColumn("received_at", received_at)
        .withColumn("verdict", _verdict())
    )
    return judged.select(
        *records.columns,
        "verdict.reason",
        "verdict.detail",
        F.when(F.isnull("verdict"), _person()).alias("person"),
        F.when(F.isnull("verdict"), _clean(allowed_lateness_ms)).alias("clean"),
    )


def _struct_of_variants(fields: Iterable[Field]) -> str:
    return f"struct<{','.join(f'{_own_name(field)}:variant' for field in fields)}>"


def _own_name(field: Field) -> str:
    return field.name.rpartition(".")[2]


def _column(field: Field) -> str:
    return field.name.replace(".", "_")


def _given(field: Field) -> Column:
    return F.col(f"given_{field.name}" if field in _OF_PLACE else f"given.{field.name}")


def _type(field: Field) -> Column:
    return F.col(f"type.{_column(field)}")


def _value(field: Field) -> Column:
    return F.col(f"event.{_column(field)}")


def _type_of(field: Field) -> Column:
    """The VARIANT's name for the type; null where the field is absent or null."""
    return F.nullif(F.schema_of_variant(_given(field)), F.lit("VOID"))


def _is_of_type(field: Field) -> Column:
    given = _type(field)
    match field.type:
        case Type.TEXT | Type.CURRENCY:
            return given == "STRING"
        case Type.INTEGER:
            return given == "BIGINT"
        case Type.NUMBER:
            return given.isin("BIGINT", "DOUBLE") | given.startswith("DECIMAL(")
        case Type.BOOLEAN:
            return given == "BOOLEAN"
        case Type.OBJECT:
            return given.startswith("OBJECT<")


def _typed(field: Field) -> Column:
    return F.when(_is_of_type(field), F.try_variant_get(_given(field), "$", _SPARK_TYPE[field.type]))


def _is_within_bounds(field: Field) -> Column:
    value = _value(field)
    match field.type:
        case Type.TEXT:
            return F.length(value).between(field.low, field.high)
        case Type.INTEGER | Type.NUMBER:
            return value.between(field.low, field.high)
        case Type.CURRENCY:
            return value.rlike(r"\A[A-Z]{3}\z")
        case Type.BOOLEAN | Type.OBJECT:
            return F.lit(True)


def _verdict() -> Column:
    """(reason, detail) of the first rule that the record breaks; null for an event. The order is contract.REASONS."""
    given = {field.name: field for field in FIELDS}
    is_search = F.coalesce(_value(given["kind"]) == "search", F.lit(False))
    is_place = F.coalesce(_is_of_type(given["place"]), F.lit(False))
    needed = [(given[name], F.lit(True)) for name in contract.REQUIRED]
    needed += [(given[contract.REQUIRED_UNLESS_SEARCH], ~is_search)]
    needed += [(given[name], is_place) for name in contract.REQUIRED_OF_PLACE]
    missing = [(is_needed & F.isnull(_type(field)), F.lit(contract.missing(field.name))) for field, is_needed in needed]
    wrong_type = [(~_is_of_type(field), _is(field.wanted_type, field)) for field in FIELDS]
    bad_value = [(~_is_within_bounds(field), _is(field.wanted_value, field)) for field in FIELDS]
    is_nobody = F.isnull(_value(given["user_id"])) & F.isnull(_value(given["session_id"]))
    is_future = _value(given["occurred_at"]) - F.col("received_at") > MAX_AHEAD_MS
    is_future_receipt = F.col("received_at") - F.col("record_ms") > MAX_AHEAD_MS
    rules = [
        ("too_large", [(F.col("too_large"), F.lit(contract.TOO_LARGE))]),
        ("not_utf8", [(F.isnull("text"), F.lit("not UTF-8"))]),
        ("not_json", [(F.isnull("document"), F.lit("not exactly one JSON value"))]),
        ("not_object", [(F.isnull("given"), F.lit("a JSON value, but no object"))]),
        ("no_consent", [(~_value(given["consent"]), F.lit(contract.NO_CONSENT))]),
        ("missing_field", missing),
        ("wrong_type", wrong_type),
        ("bad_value", bad_value),
        ("unknown_kind", [(~_value(given["kind"]).isin(*KINDS), _is(contract.UNKNOWN_KIND, given["kind"]))]),
        ("no_person", [(is_nobody, F.lit(contract.NO_PERSON))]),
        ("future", [(is_future, F.lit(contract.FUTURE)), (is_future_receipt, F.lit(contract.FUTURE_RECEIPT))]),
    ]
    return F.coalesce(
        *(
            F.when(is_broken, F.struct(F.lit(reason).alias("reason"), detail.alias("detail")))
            for reason, cases in rules
            for is_broken, detail in cases
        )
    )


def _is(wanted: str, field: Field) -> Column:
    shown = F.substring(F.try_variant_get(_given(field), "$", "string"), 1, SHOWN)
    return F.concat(F.lit(f"{wanted}; is "), shown)


def _clean(allowed_lateness_ms: int) -> Column:
    """The event as domain/clean.py writes it: fields in its order, absent ones omitted."""
    place = F.struct(F.col("event.place_lat").alias("lat"), F.col("event.place_lon").alias("lon"))
    made = {
        "person": _person(),
        "received_at": F.col("received_at"),
        "late": F.col("received_at") - F.col("event.occurred_at") > allowed_lateness_ms,
        "value_milli": F.floor(F.col("event.value") * 1000.0 + 0.5),
        "place": F.when(F.col("event.place").isNotNull(), place),
        "original": F.when(_has_unknown(), F.col("text")),
    }
    fields = [made.get(name, F.col(f"event.{name}")).alias(name) for name in clean.FIELDS]
    return F.to_json(F.struct(*fields))


def _person() -> Column:
    of_user = F.concat(F.lit("u:"), F.col("event.user_id"))
    return F.coalesce(of_user, F.concat(F.lit("s:"), F.col("event.session_id")))


def _has_unknown() -> Column:
    of_event = _others(F.col("document"), contract.KNOWN)
    of_place = _others(F.col("given.place"), contract.KNOWN_OF_PLACE)
    return of_event | F.coalesce(of_place, F.lit(False))


def _others(document: Column, known: frozenset[str]) -> Column:
    names = F.map_keys(F.try_variant_get(document, "$", "map<string,variant>"))
    return F.size(F.array_except(names, F.array(*map(F.lit, sorted(known))))) > 0
