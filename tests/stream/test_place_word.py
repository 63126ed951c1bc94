"""Places as integers, natively: the same words as domain/places.py, on one corpus."""

from __future__ import annotations

import random

import pytest
from pyspark.sql import functions as F

from headrace.domain.events import Place
from headrace.domain.places import place_word as law
from headrace.stream.facts import newest_place, place_word

pytestmark = pytest.mark.spark

CHANCE = random.Random(5)
CORPUS = [
    (100_000_000_000, -90.0, -180.0),
    (253_402_300_799_999, 90.0, 180.0),
    (1_700_000_059_999, 0.0, -0.0),
    *((CHANCE.randrange(10**11, 5 * 10**12), CHANCE.uniform(-90, 90), CHANCE.uniform(-180, 180)) for _ in range(5_000)),
    *((1_700_000_000_000, step * 180 / 2**18 - 90, step * 180 / 2**18) for step in range(0, 2**18, 997)),
]


def test_spark_gives_each_place_the_word_that_python_gives_and_keeps_the_newest(tuned):
    rows = [(number % 7, *row) for number, row in enumerate(CORPUS)] + [(7, 1_700_000_000_000, None, None)]
    placed = tuned.createDataFrame(rows, "person long, at long, lat double, lon double").withColumn(
        "word", place_word(F.col("at"), F.col("lat"), F.col("lon"))
    )
    words = [None if lat is None else law(at, Place(lat, lon)) for _, at, lat, lon in rows]
    assert [row.word for row in placed.collect()] == words
    newest = {
        row.person: row.place_newest for row in placed.groupBy("person").agg(newest_place(F.col("word"))).collect()
    }
    assert newest == {person: max(words[person : len(CORPUS) : 7]) for person in range(7)} | {7: 0}
