"""Ingest starts with a slot for every partition or not at all."""

from __future__ import annotations

from dataclasses import dataclass
from typing import cast

import pytest
from pyspark import SparkContext

from headrace.errors import MachineUnfit
from headrace.stream.slots import REGISTER_S, await_slots, check_slots


def test_as_many_slots_as_partitions_are_enough() -> None:
    check_slots("main.events.raw", partitions=4, slots=4)


def test_fewer_slots_are_refused_with_both_numbers_and_the_remedy() -> None:
    with pytest.raises(MachineUnfit, match=r"main.events.raw has 4 partitions and Spark has 3 task slots.*local\[6\]"):
        check_slots("main.events.raw", partitions=4, slots=3)


def test_a_topic_that_is_not_there_is_refused() -> None:
    with pytest.raises(MachineUnfit, match="no such topic"):
        check_slots("main.events.raw", partitions=0, slots=3)


@dataclass
class Registering:
    """A driver whose executors, of two slots each, register one every ten seconds, up to so many."""

    master: str
    executors: int
    now_s: float = 0.0

    @property
    def defaultParallelism(self) -> int:
        return 2 * min(self.executors, int(self.now_s // 10))

    def sleep(self, seconds: float) -> None:
        self.now_s += seconds

    def awaited(self, partitions: int) -> tuple[int, float]:
        return await_slots(cast(SparkContext, self), partitions, self.sleep), self.now_s


def test_executors_that_are_still_registering_are_waited_for_and_no_longer_than_needed() -> None:
    assert Registering("spark://m:7077", executors=3).awaited(4) == (4, 20.0)


def test_a_cluster_that_stays_too_small_is_not_waited_for_for_ever() -> None:
    assert Registering("spark://m:7077", executors=1).awaited(4) == (2, REGISTER_S)


def test_one_machine_has_all_its_slots_at_once() -> None:
    assert Registering("local[2]", executors=3).awaited(4) == (0, 0.0)
