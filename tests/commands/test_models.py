from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from headrace.commands.models import described, roll_back, state_of
from headrace.errors import BadInput, ModelCorrupt
from headrace.stores.manifest import Manifest
from headrace.stores.memory import MemoryStores
from headrace.stores.ports import Pointer
from tests.learn.test_publish import shelved

NOW = 1_700_000_000_000


def test_one_step_back_serves_what_was_served_before(tmp_path: Path) -> None:
    for version in ("m1", "m2"):
        shelved(tmp_path, version)

    async def steps() -> list[Pointer]:
        pointers = MemoryStores().pointers
        for version in ("m1", "m2"):
            await pointers.flip(version, NOW)
        back = await roll_back(pointers, tmp_path, "f1", NOW + 1)
        return [back, await roll_back(pointers, tmp_path, "f1", NOW + 2)]

    back, forth = asyncio.run(steps())
    assert (back.version, back.previous, back.flipped_ms) == ("m1", "m2", NOW + 1)
    assert (forth.version, forth.previous) == ("m2", "m1")


def test_without_a_predecessor_there_is_nothing_to_roll_back_to(tmp_path: Path) -> None:
    async def first_only() -> None:
        pointers = MemoryStores().pointers
        await pointers.flip("m1", NOW)
        await roll_back(pointers, tmp_path, "f1", NOW)

    with pytest.raises(BadInput, match="nothing to roll back to"):
        asyncio.run(first_only())


def test_a_predecessor_that_does_not_load_is_not_served(tmp_path: Path) -> None:
    shelved(tmp_path, "m2")
    pointers = MemoryStores().pointers

    async def step() -> None:
        for version in ("m1", "m2"):
            await pointers.flip(version, NOW)
        await roll_back(pointers, tmp_path, "f1", NOW)

    with pytest.raises(ModelCorrupt, match="m1"):
        asyncio.run(step())
    served = asyncio.run(pointers.get())
    assert served is not None
    assert served.version == "m2"


def test_the_state_of_a_version_is_the_pointers_word_then_the_gates(tmp_path: Path) -> None:
    manifest = shelved(tmp_path, "m1")

    def judged(publish: bool) -> Manifest:
        return Manifest(
            version="m1",
            origin=manifest.origin,
            items=0,
            rank=1,
            neighbours=1,
            gate={"publish": publish, "reason": "why", "evaluation": None},
            files={},
        )

    assert state_of(judged(True), Pointer("m1", None, 0)) == "served"
    assert state_of(judged(True), Pointer("m2", "m1", 0)) == "previous"
    assert state_of(judged(True), Pointer("m3", "m2", 0)) == "shelved"
    assert state_of(judged(False), Pointer("m3", "m2", 0)) == "refused"
    assert state_of(judged(False), None) == "refused"
    assert described(judged(True), None)["state"] == "shelved"
