"""Out of order within the horizon, split anywhere, with a stretch of it again: the same integers as one recount."""

from __future__ import annotations

import itertools
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pyspark.sql import SparkSession

from tests.stream import oracle
from tests.stream.logs import HORIZON_MS, closing, disordered, random_log
from tests.stream.oracle import Record
from tests.stream.streams import emitted
from tests.stream.test_panes import hot, totals
from tests.stream.test_windows import by_key, final

pytestmark = pytest.mark.spark

LENGTH = 200
MOST_MS = HORIZON_MS - 600_000 - 1
"""So far behind the newest, with an event ten minutes more, a person is within the horizon by a millisecond."""

runs = itertools.count()


@st.composite
def logs(draw: st.DrawFn) -> list[Record]:
    seed = draw(st.integers(0, 1_000_000))
    log = disordered(random_log(seed, LENGTH), seed, draw(st.sampled_from([0, 1_800_000, MOST_MS])))
    again = draw(st.integers(0, LENGTH))
    return log + log[again : again + 40]


@settings(max_examples=4, deadline=None, suppress_health_check=list(HealthCheck))
@given(log=logs(), batches=st.integers(1, 5))
def test_panes_are_the_recount(tuned: SparkSession, tmp_path: Path, log: list[Record], batches: int) -> None:
    rows, _ = emitted(tuned, tmp_path / str(next(runs)), log, hot, "update", batches)
    assert totals(rows) == oracle.panes(log, "GBP")


@settings(max_examples=4, deadline=None, suppress_health_check=list(HealthCheck))
@given(log=logs(), batches=st.integers(1, 5))
def test_final_windows_are_the_recount(tuned: SparkSession, tmp_path: Path, log: list[Record], batches: int) -> None:
    rows, _ = emitted(tuned, tmp_path / str(next(runs)), [*log, closing(log)], final, "append", batches)
    assert by_key(rows) == oracle.windows(log, "GBP")
