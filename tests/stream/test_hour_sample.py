"""The sample of an owner's hour, natively: the same cells as domain/hour_sample.py, on one corpus."""

from __future__ import annotations

import random

import pytest

from headrace.domain.hour_sample import sample
from headrace.domain.panes import HOUR_MS, PANE_MS, entry_key, hour_of
from headrace.stream.hour_sample import sampled

pytestmark = pytest.mark.spark

CHANCE = random.Random(7)
LETTERS = "aé|:ﬀ🎬\0 "
NAMES = [
    ("".join(CHANCE.choices(LETTERS, k=CHANCE.randrange(6))), CHANCE.choice(("", "film", "🎬|"))) for _ in range(900)
]
BEGIN = 472_222 * HOUR_MS
CELLS = sorted(
    {("user", "u:bot", BEGIN + CHANCE.randrange(24) * PANE_MS, *names) for names in NAMES * 3}
    | {("item", "u:bot", BEGIN + PANE_MS, *names) for names in NAMES}
    | {("user", "u:1", BEGIN + pane * PANE_MS, f"c{n}", "t") for pane in range(12) for n in range(40)}
)


def test_spark_keeps_the_cells_of_each_owners_hour_that_python_keeps(tuned):
    rows = tuned.createDataFrame(
        CELLS, "grain string, owner string, pane_ms long, category string, content_type string"
    )
    hours: dict[tuple, dict[str, tuple]] = {}
    for grain, owner, *key in CELLS:
        cell = (grain, owner, *key)
        hours.setdefault((grain, owner, hour_of(key[0])), {})[entry_key(tuple(key))] = cell
    wanted = [cells[name] for cells in hours.values() for name in sample(cells)]
    assert sorted(map(len, hours.values()))[-2] > 512  # two hours at least are more than are kept
    kept = sampled(rows)
    assert kept.columns == rows.columns
    assert sorted(map(tuple, kept.collect())) == sorted(wanted)
