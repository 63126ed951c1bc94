"""The circuit: a dead store is asked a few times, then left alone until it answers its probe."""

from __future__ import annotations

import asyncio

import pytest

from headrace.errors import StoreUnavailable
from headrace.serve.degrade import FAILURES_TO_OPEN, Circuit


class Store:
    def __init__(self) -> None:
        self.alive = True
        self.asked = 0
        self.hangs = False

    async def read(self) -> str:
        self.asked += 1
        if self.hangs:
            await asyncio.sleep(60)
        if not self.alive:
            raise StoreUnavailable("dead")
        return "row"


async def fail(circuit: Circuit, store: Store, times: int) -> None:
    for _ in range(times):
        with pytest.raises(StoreUnavailable):
            await circuit.read(store.read, 0.01)


def test_failures_in_a_row_open_it_and_then_nobody_is_asked() -> None:
    async def scenario() -> None:
        store = Store()
        circuit = Circuit(store.read)
        store.alive = False
        await fail(circuit, store, FAILURES_TO_OPEN)
        assert circuit.is_open
        assert circuit.why == "dead"
        await fail(circuit, store, 100)
        assert store.asked == FAILURES_TO_OPEN
        await circuit.close()

    asyncio.run(scenario())


def test_a_success_in_between_starts_the_count_again() -> None:
    async def scenario() -> None:
        store = Store()
        circuit = Circuit(store.read)
        for _ in range(3):
            store.alive = False
            await fail(circuit, store, FAILURES_TO_OPEN - 1)
            store.alive = True
            assert await circuit.read(store.read, 0.01) == "row"
        assert not circuit.is_open

    asyncio.run(scenario())


def test_a_store_that_hangs_is_given_up_at_the_deadline() -> None:
    async def scenario() -> None:
        store = Store()
        store.hangs = True
        circuit = Circuit(store.read)
        started = asyncio.get_running_loop().time()
        with pytest.raises(StoreUnavailable, match="no answer within 10 ms"):
            await circuit.read(store.read, 0.01)
        assert asyncio.get_running_loop().time() - started < 1.0

    asyncio.run(scenario())


def test_it_closes_by_itself_when_the_store_is_back() -> None:
    async def scenario() -> None:
        store = Store()
        circuit = Circuit(store.read)
        store.alive = False
        await fail(circuit, store, FAILURES_TO_OPEN)
        store.alive = True
        await asyncio.sleep(0.3)
        assert not circuit.is_open
        assert await circuit.read(store.read, 0.01) == "row"

    asyncio.run(scenario())
