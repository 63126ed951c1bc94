"""How long the tails of those who act now may have become since each was trimmed. No store, no clock."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass, field

from headrace.domain.events import Event, Person


@dataclass(slots=True)
class TailLengths:
    """Of the `capacity` people who acted last. A machine is always among them, whoever else comes.

    longest   a tail of more events is too long
    kept      how many a trimmed one has
    """

    capacity: int
    longest: int
    kept: int
    # The one who acted longest ago first.
    _lengths: OrderedDict[Person, int] = field(default_factory=OrderedDict)

    def grown(self, events: Sequence[Event]) -> list[Person]:
        """Count events that were written, and say whose tails are too long now: from then on they count as trimmed."""
        lengths = self._lengths
        for event in events:
            lengths[event.person] = lengths.get(event.person, 0) + 1
            lengths.move_to_end(event.person)
        people = dict.fromkeys(event.person for event in events)
        long = [person for person in people if lengths[person] > self.longest]
        lengths.update((person, self.kept) for person in long)
        while len(lengths) > self.capacity:
            lengths.popitem(last=False)
        return long
