"""The keys that went through lately, so that of several events with one key the first counts. No store, no clock."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import TypeAlias

from headrace.domain.events import Event, Person

Key: TypeAlias = tuple[Person, str, int]


@dataclass(slots=True)
class RecentKeys:
    """The last `capacity` keys. A repeat further back than that is a write of its own, and then the last one stays."""

    capacity: int
    # Oldest first. Not a dict: finding its first key walks over every key that was deleted before it.
    _keys: OrderedDict[Key, None] = field(default_factory=OrderedDict)

    def fresh(self, events: Iterable[Event]) -> list[Event]:
        """The first event of each key that is not remembered, in their order. Remembers nothing."""
        first: dict[Key, Event] = {}
        for event in events:
            if event.key not in self._keys:
                first.setdefault(event.key, event)
        return list(first.values())

    def remember(self, events: Iterable[Event]) -> None:
        """Call it when they are written: what failed must still count as fresh."""
        for event in events:
            self._keys[event.key] = None
            self._keys.move_to_end(event.key)
        while len(self._keys) > self.capacity:
            self._keys.popitem(last=False)
