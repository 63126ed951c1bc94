"""How far events.clean was read, as a moment: what the windows of a snapshot end with. No topic, no clock."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from headrace.stores.kafka import Partition


@dataclass(slots=True)
class Reading:
    """offsets  partition → offset of the first record that was not read
    until_ms  partition → everything received until then was read; at first unknown
    """

    offsets: dict[Partition, int]
    until_ms: dict[Partition, int] = field(default_factory=dict)

    def read(self, partition: Partition, offset: int, received_ms: int | None) -> None:
        """The record at `offset` was read; received_at of its event, None where it is none."""
        self.offsets[partition] = offset + 1
        if received_ms is not None:
            self.until_ms[partition] = max(received_ms, self.until_ms.get(partition, received_ms))

    def newest_ms(self) -> int | None:
        """The newest received_at so far: the clock of a world whose time is its stream."""
        return max(self.until_ms.values(), default=None)

    def lag(self, ends: Mapping[Partition, int]) -> int:
        """Records between here and `ends`."""
        return sum(max(0, end - self.offsets[partition]) for partition, end in ends.items())

    def until(self, ends: Mapping[Partition, int], now_ms: int | None) -> int | None:
        """Until when every partition was read; None while that is not known of one.

        A partition that is at its end is read until now: `ends` were asked for after `now_ms`. A lagging one holds the
        moment back, so that a snapshot never claims to know what waits in the topic.
        """
        if now_ms is None:
            return None
        for partition in _at_end(self.offsets, ends):
            self.until_ms[partition] = max(now_ms, self.until_ms.get(partition, now_ms))
        if len(self.until_ms) < len(self.offsets):
            return None
        return min(now_ms, *self.until_ms.values())


def _at_end(offsets: Mapping[Partition, int], ends: Mapping[Partition, int]) -> Sequence[Partition]:
    return [partition for partition, offset in offsets.items() if offset >= ends.get(partition, 0)]
