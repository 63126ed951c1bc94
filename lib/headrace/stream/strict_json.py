"""Bytes to one strict JSON value, in Spark columns: domain/strict_json.py's twin. No fields, no UDF, no state."""

from __future__ import annotations

from pyspark.sql import Column
from pyspark.sql import functions as F

from headrace.domain.strict_json import MAX_DEPTH, MAX_NUMBER


def text_of(value: Column) -> Column:
    """The bytes as a string; null where they are not UTF-8."""
    text = value.cast("string")
    return F.when(F.is_valid_utf8(text), text)


def sealed(text: Column) -> Column:
    """The text as the first of two elements of a VARIANT array, of which the second is the text's own SHA-256.

    Parsing stops after one value, whatever follows it; the seal tells. No text can end the array early and still be
    followed by that: it would have to contain its own hash. Null where there is no JSON, or none that can be borne.
    """
    array = F.concat(F.lit("["), text, F.lit(',"'), F.sha2(text, 256), F.lit('"]'))
    return F.when(_is_bearable(text), F.try_parse_json(array))


def unsealed(array: Column, text: Column) -> Column:
    """The value that the text is; null where the text is not exactly one."""
    is_one_value = F.try_variant_get(array, "$[1]", "string") == F.sha2(text, 256)
    return F.when(is_one_value, F.try_variant_get(array, "$[0]", "variant"))


def _is_bearable(text: Column) -> Column:
    """Whether JSON text nests at most MAX_DEPTH levels and has no number longer than MAX_NUMBER.

    Of other text it says nothing that matters. Asked before parsing, because Spark describes and prints a VARIANT by
    recursion: a StackOverflowError there is no failed row, it ends the process. Few brackets and short texts, nearly
    all of them, are seen to be bearable at once; else the escapes and then the strings are cut out and the rest is
    looked at, by patterns that never backtrack: Java's backtracking is recursion too.
    """
    without_strings = F.regexp_replace(F.regexp_replace(text, r"\\.", ""), '"[^"]*+"', "")
    brackets = F.split(F.regexp_replace(without_strings, r"[^\[\]{}]++", ""), "")
    deepest = F.aggregate(
        brackets,
        F.struct(F.lit(0).alias("now"), F.lit(0).alias("most")),
        _entered_or_left,
        lambda level: level["most"],
    )
    is_shallow = (F.regexp_count(text, F.lit(r"[\[{]")) <= MAX_DEPTH) | (deepest <= MAX_DEPTH)
    has_long_number = without_strings.rlike(rf"(?<![-+.0-9eE])[-+.0-9eE]{{{MAX_NUMBER + 1}}}")
    return is_shallow & ((F.octet_length(text) <= MAX_NUMBER) | ~has_long_number)


def _entered_or_left(level: Column, bracket: Column) -> Column:
    step = F.when(bracket.isin("[", "{"), 1).when(bracket.isin("]", "}"), -1).otherwise(0)
    now = level["now"] + step
    return F.struct(now.alias("now"), F.greatest(level["most"], now).alias("most"))
