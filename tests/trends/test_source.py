"""Where reading starts."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

import pytest

from headrace.trends.source import _placed

TOPIC = "w.events.clean"
ONE, TWO = (TOPIC, 0), (TOPIC, 1)


@dataclass
class FakeConsumer:
    """A topic that holds offsets 100 to 200, of which those from 150 on were appended since."""

    sought: dict[tuple[str, int], int] = field(default_factory=dict)

    def assign_whole(self, topic: str) -> None:
        assert topic == TOPIC

    def assignment(self) -> frozenset[tuple[str, int]]:
        return frozenset((ONE, TWO))

    def firsts(self, partitions: Collection[tuple[str, int]]) -> Mapping[tuple[str, int], int]:
        return dict.fromkeys(partitions, 100)

    def ends(self, partitions: Collection[tuple[str, int]]) -> Mapping[tuple[str, int], int]:
        return dict.fromkeys(partitions, 200)

    def firsts_since(self, partitions: Collection[tuple[str, int]], since_ms: int) -> Mapping[tuple[str, int], int]:
        assert since_ms == 1_000
        return dict.fromkeys(partitions, 150)

    def seek(self, partition: tuple[str, int], offset: int) -> None:
        self.sought[partition] = offset


@pytest.mark.parametrize(
    ("since_ms", "left_at", "expected"),
    [
        (1_000, {}, {ONE: 150, TWO: 150}),
        (None, {}, {ONE: 100, TWO: 100}),  # a world whose time is its stream: from the first record
        (1_000, {ONE: 120, TWO: 200}, {ONE: 120, TWO: 200}),
        (1_000, {ONE: 99, TWO: 200}, {ONE: 150, TWO: 150}),  # retention has passed it
        (1_000, {ONE: 120, TWO: 201}, {ONE: 150, TWO: 150}),  # another topic of that name
        (1_000, {ONE: 120}, {ONE: 150, TWO: 150}),  # a partition was added
    ],
)
def test_it_reads_on_where_it_left_if_everything_since_is_still_there(since_ms, left_at, expected) -> None:
    consumer = FakeConsumer()
    assert _placed(consumer, TOPIC, since_ms, left_at) == expected
    assert consumer.sought == expected
