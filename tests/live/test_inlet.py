"""The consumer-group inlet on a scripted consumer: partitions gained, lost, and offsets that cannot be learnt yet."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Coroutine, Mapping
from typing import Any, TypeVar

import pytest

from headrace.errors import StoreUnavailable
from headrace.live.inlet import WARM_RECORDS, KafkaInlet
from headrace.stores.kafka import Consumer, Partition, Record

T = TypeVar("T")

A, B = ("t", 0), ("t", 1)


class ScriptedConsumer(Consumer):
    """A broker of two partitions in memory; `mine` is what the group has given to this member."""

    def __init__(self, lengths: Mapping[Partition, int], committed: Mapping[Partition, int]) -> None:
        self.lengths = dict(lengths)
        self.committed_offsets = dict(committed)
        self.mine: set[Partition] = set()
        self.positions: dict[Partition, int] = {}
        self.paused: set[Partition] = set()
        self.learnable = True
        self.first = 0
        self.commits = 0

    def give(self, *partitions: Partition) -> None:
        self.mine = set(partitions)
        self.positions = {one: self.committed_offsets.get(one, 0) for one in partitions}

    def poll(self, timeout_ms: int) -> list[Record]:
        found = []
        for partition in sorted(self.mine - self.paused):
            for offset in range(self.positions[partition], self.lengths[partition]):
                found.append(Record(*partition, offset, 0, None, b"", ()))
            self.positions[partition] = self.lengths[partition]
        return found

    def assignment(self) -> frozenset[Partition]:
        return frozenset(self.mine)

    def seek(self, partition: Partition, offset: int) -> None:
        self.positions[partition] = offset

    def firsts(self, partitions: Collection[Partition]) -> Mapping[Partition, int]:
        return dict.fromkeys(partitions, self.first)

    def ends(self, partitions: Collection[Partition]) -> Mapping[Partition, int]:
        return {partition: self.lengths[partition] for partition in partitions}

    def committed(self, partition: Partition) -> int | None:
        if not self.learnable:
            raise StoreUnavailable("no coordinator yet")
        return self.committed_offsets.get(partition)

    def pause(self, partitions: Collection[Partition]) -> None:
        self.paused |= set(partitions)

    def resume(self, partitions: Collection[Partition]) -> None:
        self.paused -= set(partitions)

    def commit_soon(self, offsets: Mapping[Partition, int]) -> None:
        self.commits += 1
        self.committed_offsets |= offsets

    def commit(self, offsets: Mapping[Partition, int]) -> None:
        self.committed_offsets |= offsets

    def close(self) -> None:
        self.mine = set()


async def taken(inlet: KafkaInlet) -> tuple[list[tuple[int, int]], list[tuple[int, int]]]:
    """(partition, offset) of what was seen, and of what is new, over two polls."""
    seen, new = [], []
    for _ in range(2):
        got = await inlet.take()
        seen += [(record.partition, record.offset) for record in got.seen]
        new += [(record.partition, record.offset) for record in got.new]
    return seen, new


def run(call: Coroutine[Any, Any, T]) -> T:
    return asyncio.run(call)


def test_a_first_start_takes_everything_as_new() -> None:
    async def story() -> None:
        consumer = ScriptedConsumer({A: 3, B: 1}, {})
        consumer.give(A, B)
        inlet = KafkaInlet(consumer)
        assert await taken(inlet) == ([], [(0, 0), (0, 1), (0, 2), (1, 0)])
        await inlet.close()

    run(story())


def test_a_restart_sees_again_what_was_written_and_takes_the_rest_as_new() -> None:
    async def story() -> None:
        consumer = ScriptedConsumer({A: WARM_RECORDS + 5}, {A: WARM_RECORDS + 3})
        consumer.give(A)
        inlet = KafkaInlet(consumer)
        seen, new = await taken(inlet)
        assert (seen[0], seen[-1], len(seen)) == ((0, 3), (0, WARM_RECORDS + 2), WARM_RECORDS)
        assert new == [(0, WARM_RECORDS + 3), (0, WARM_RECORDS + 4)]
        await inlet.close()

    run(story())


def test_what_retention_has_removed_is_not_waited_for() -> None:
    async def story() -> None:
        consumer = ScriptedConsumer({A: 9}, {A: 2})
        consumer.first = 7
        consumer.give(A)
        inlet = KafkaInlet(consumer)
        await inlet.take()
        assert await inlet.lag() == 2
        await inlet.close()

    run(story())


def test_offsets_that_cannot_be_learnt_lose_nothing_of_any_partition() -> None:
    async def story() -> None:
        consumer = ScriptedConsumer({A: 2, B: 2}, {})
        consumer.give(A)
        inlet = KafkaInlet(consumer)
        assert await taken(inlet) == ([], [(0, 0), (0, 1)])
        await inlet.written({A: 2})
        consumer.lengths[A] = 3
        consumer.mine.add(B)
        consumer.positions[B] = 0
        consumer.learnable = False
        with pytest.raises(StoreUnavailable):
            await inlet.take()
        consumer.learnable = True
        assert await taken(inlet) == ([], [(0, 2), (1, 0), (1, 1)])
        await inlet.close()

    run(story())


def test_staying_a_member_reads_nothing_and_loses_nothing() -> None:
    async def story() -> None:
        consumer = ScriptedConsumer({A: 1}, {})
        consumer.give(A)
        inlet = KafkaInlet(consumer)
        await taken(inlet)
        consumer.lengths[A] = 4
        await inlet.keep()
        assert consumer.positions[A] == 1
        consumer.give(A, B)  # a rebalance while it waits
        consumer.lengths[B] = 1
        await inlet.keep()
        await inlet.written({A: 1})
        _, new = await taken(inlet)
        assert set(new) == {(0, 1), (0, 2), (0, 3), (1, 0)}
        await inlet.close()

    run(story())


def test_a_partition_given_away_is_not_committed_for_its_new_member() -> None:
    async def story() -> None:
        consumer = ScriptedConsumer({A: 2, B: 2}, {})
        consumer.give(A, B)
        inlet = KafkaInlet(consumer)
        await taken(inlet)
        consumer.give(A)
        await inlet.take()
        await inlet.written({A: 2, B: 2})
        await inlet.close()
        assert consumer.committed_offsets == {A: 2, B: 0}  # B's start, from when it was this member's

    run(story())


def test_an_idle_member_commits_what_it_gained_and_wrote_and_then_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("headrace.live.inlet.COMMIT_EVERY_S", 0.0)

    async def story() -> None:
        consumer = ScriptedConsumer({A: 2}, {})
        consumer.give(A)
        inlet = KafkaInlet(consumer)

        async def idle() -> int:
            for _ in range(5):
                await inlet.take()
                await inlet.written({})
            return consumer.commits

        assert await idle() == 1  # the start of the partition
        await inlet.written({A: 2})
        assert (await idle(), consumer.committed_offsets) == (2, {A: 2})
        await inlet.close()

    run(story())


def test_lag_counts_what_is_not_written_and_is_unknown_before_an_assignment() -> None:
    async def story() -> None:
        consumer = ScriptedConsumer({A: 5}, {A: 1})
        inlet = KafkaInlet(consumer)
        assert await inlet.lag() is None
        consumer.give(A)
        await taken(inlet)
        assert await inlet.lag() == 4
        await inlet.written({A: 5})
        assert await inlet.lag() == 0
        await inlet.close()
        assert consumer.committed_offsets == {A: 5}

    run(story())
