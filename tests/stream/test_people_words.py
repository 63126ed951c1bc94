"""Distinct people, counted natively: the same bits as domain/distinct.py, on one corpus."""

from __future__ import annotations

import pytest
from pyspark.sql import functions as F

from headrace.domain.distinct import bits_of, words_of
from headrace.domain.facts import PEOPLE
from headrace.stream.facts import people_words, person_bit

pytestmark = pytest.mark.spark

CORPUS = ["", "u:", "u:1", "u:10", "s:Zoë 🎬", "s:" + "x" * 128, "u:\u0000", *(f"u:{n}" for n in range(5_000))]


def test_spark_gives_each_person_the_bit_that_python_gives(tuned):
    people = tuned.createDataFrame([(person,) for person in CORPUS], "person string")
    rows = people.select("person", person_bit(F.col("person")).alias("bit")).collect()
    assert [row.bit for row in rows] == bits_of(row.person for row in rows).tolist()


def test_spark_unites_them_into_the_same_words_and_leaves_out_null(tuned):
    people = tuned.createDataFrame([(n % 9, person) for n, person in enumerate(CORPUS)], "item long, person string")
    bits = people.select("item", F.when(F.col("item") > 0, person_bit(F.col("person"))).alias("bit"))
    held = {
        row["item"]: [row[name] for name in PEOPLE]
        for row in bits.groupBy("item").agg(*people_words(F.col("bit"))).collect()
    }
    assert held[0] == [0] * len(PEOPLE)
    for item in range(1, 9):
        assert held[item] == words_of(bits_of(CORPUS[item::9])).tolist()
