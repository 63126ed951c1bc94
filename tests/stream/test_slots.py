"""Ingest starts with a slot for every partition or not at all."""

from __future__ import annotations

import pytest

from headrace.errors import MachineUnfit
from headrace.stream.slots import check_slots


def test_as_many_slots_as_partitions_are_enough() -> None:
    check_slots("main.events.raw", partitions=4, slots=4)


def test_fewer_slots_are_refused_with_both_numbers_and_the_remedy() -> None:
    with pytest.raises(MachineUnfit, match=r"main.events.raw has 4 partitions and Spark has 3 task slots.*local\[6\]"):
        check_slots("main.events.raw", partitions=4, slots=3)


def test_a_topic_that_is_not_there_is_refused() -> None:
    with pytest.raises(MachineUnfit, match="no such topic"):
        check_slots("main.events.raw", partitions=0, slots=3)
