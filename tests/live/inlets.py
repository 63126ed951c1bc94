"""An Inlet on a list, and records for it."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from headrace.domain.clean import write_clean
from headrace.domain.events import Event
from headrace.live.batch import Taken, Topics
from headrace.stores.kafka import Partition, Record

CLEAN = "w.events.clean"
DECISIONS = "w.decisions"
USERS = "w.users"
TOPICS = Topics(CLEAN, DECISIONS, USERS)


def clean_record(event: Event, offset: int, partition: int = 0) -> Record:
    return Record(CLEAN, partition, offset, event.received_at, event.person.encode(), write_clean(event), ())


def decision_record(request_id: str, value: bytes | None, offset: int) -> Record:
    return Record(DECISIONS, 0, offset, 0, request_id.encode(), value, ())


def user_record(user_id: str, value: bytes | None, offset: int, timestamp_ms: int = 0) -> Record:
    return Record(USERS, 0, offset, timestamp_ms, user_id.encode(), value, ())


@dataclass
class ListInlet:
    """Gives its batches one by one, then asks its reader to stop. `committed` is what a successor would start from."""

    batches: Sequence[Taken]
    stopping: asyncio.Event
    committed: dict[Partition, int] = field(default_factory=dict)
    kept: int = 0
    _given: int = 0

    async def take(self) -> Taken:
        if self._given == len(self.batches):
            self.stopping.set()
            return Taken((), ())
        self._given += 1
        return self.batches[self._given - 1]

    async def keep(self) -> None:
        self.kept += 1

    async def written(self, offsets: Mapping[Partition, int]) -> None:
        self.committed |= offsets

    async def lag(self) -> int | None:
        return sum(len(taken.new) for taken in self.batches[self._given :])

    async def close(self) -> None:
        """Nothing to leave."""
