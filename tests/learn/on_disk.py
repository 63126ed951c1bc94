"""The two stores that training writes, as files: what an executor's process wrote, the test's process can read."""

from __future__ import annotations

import asyncio
import hashlib
import json
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any, TypeVar, cast

from headrace.domain.events import Person
from headrace.errors import StoreUnavailable
from headrace.stores.ports import Pointer, Stores

T = TypeVar("T")


@dataclass(frozen=True)
class CandidateFiles:
    """`lose`: this person's row is not written though the write succeeds. `fail`: no write succeeds."""

    folder: Path
    lose: str | None = None
    fail: bool = False

    async def put(self, version: str, rows: Sequence[tuple[Person, bytes]]) -> None:
        if self.fail:
            raise StoreUnavailable("the disk is the database, and it is not there")
        for person, packed in rows:
            if person != self.lose:
                self._path(person, version).write_bytes(packed)

    async def get(self, person: Person, version: str) -> bytes | None:
        path = self._path(person, version)
        return path.read_bytes() if path.exists() else None

    def _path(self, person: Person, version: str) -> Path:
        return self.folder / f"{version}-{hashlib.sha256(person.encode()).hexdigest()}"


@dataclass(frozen=True)
class PointerFile:
    path: Path

    async def get(self) -> Pointer | None:
        return Pointer(**json.loads(self.path.read_text())) if self.path.exists() else None

    async def flip(self, version: str, flipped_ms: int) -> Pointer:
        served = await self.get()
        if served is not None and served.version == version:
            return served
        flipped = Pointer(version, None if served is None else served.version, flipped_ms)
        self.path.write_text(json.dumps({"version": version, "previous": flipped.previous, "flipped_ms": flipped_ms}))
        return flipped


@dataclass(frozen=True)
class OnDisk:
    """A learn.stored.WithStores over a folder; it pickles."""

    folder: Path
    lose: str | None = None
    fail: bool = False

    def __call__(self, use: Callable[[Stores], Coroutine[Any, Any, T]]) -> T:
        stores = SimpleNamespace(
            candidates=CandidateFiles(self.folder, self.lose, self.fail),
            pointers=PointerFile(self.folder / "pointer.json"),
        )
        return asyncio.run(use(cast(Stores, stores)))
