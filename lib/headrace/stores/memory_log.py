"""The event log kept in lists: the reference of its port, and the test double. No I/O, no clock."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from headrace.stores.memory import Switch
from headrace.stores.ports import Appended

Record = tuple[bytes | None, bytes | None, tuple[tuple[str, bytes], ...]]
"""(key, value, headers)."""


@dataclass(slots=True)
class MemoryLog:
    """Topics of one partition. `records` maps a topic to (key, value, headers) in offset order; time is `now_ms`."""

    switch: Switch = field(default_factory=Switch)
    now_ms: int = 0
    records: dict[str, list[Record]] = field(default_factory=dict)

    async def append(
        self, topic: str, key: bytes | None, value: bytes | None, headers: Sequence[tuple[str, bytes]] = ()
    ) -> Appended:
        self.switch.check()
        records = self.records.setdefault(topic, [])
        records.append((key, value, tuple(headers)))
        return Appended(0, len(records) - 1, self.now_ms)

    async def close(self) -> None:
        """Nothing to let go of."""
