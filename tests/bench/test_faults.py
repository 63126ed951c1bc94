"""The fault bench in small: ours comes out whole, and the tutorial way does not, so the judge can see a fault."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from bench.own_stack import patient
from bench.tally import OURS, TUTORIAL
from bench.verdict import Verdict
from bench.warm import Warm
from bench.warm_faults import families
from pyspark.sql import SparkSession

from headrace.settings import Settings
from headrace.stream.tuning import tune

pytestmark = [pytest.mark.spark, pytest.mark.stack]


@pytest.fixture(scope="module")
def warm(spark: SparkSession, new_world: Callable[[str], Settings]) -> Iterator[Warm]:
    changed = ("spark.sql.ansi.enabled", "spark.sql.shuffle.partitions", "spark.sql.execution.arrow.maxRecordsPerBatch")
    before = {key: spark.conf.get(key) for key in changed}
    tune(spark, 2)
    spark.conf.set("spark.sql.execution.arrow.maxRecordsPerBatch", 20)
    yield Warm(spark, patient(new_world("faults")), length=60)
    for key, value in before.items():
        spark.conf.set(key, value)


@pytest.mark.parametrize("fault", ["hot.after_write", "ledger.after_commit"])
def test_after_a_fault_ours_equals_the_oracle_and_the_tutorial_way_counts_twice(warm: Warm, fault: str) -> None:
    (family,) = [each for each in families() if fault in each.names]
    ours, theirs = family.run(warm, fault, 0, True)
    (again,) = family.run(warm, fault, 1, False)
    assert [each.side for each in (ours, theirs, again)] == [OURS, TUTORIAL, OURS]
    assert ours.verdict == again.verdict == Verdict()
    assert theirs.verdict.twice > 0
