"""Candidates of the people who asked last, in this process's memory. No reads.

What a model version found for a person never changes (docs/adr/0005), so nothing here can be stale: a person who asks
at every click costs the store one read of it per version. Nobody's absence is kept.
"""

from __future__ import annotations

from collections import OrderedDict

from headrace.domain.events import Person
from headrace.domain.model import BatchCandidates


class CandidateCache:
    """Least recently used first out; at most `people` of them."""

    def __init__(self, people: int) -> None:
        self._people = people
        self._kept: OrderedDict[tuple[Person, str], BatchCandidates] = OrderedDict()

    def get(self, person: Person, version: str) -> BatchCandidates | None:
        """What was kept of this person under this model version, or None."""
        found = self._kept.get((person, version))
        if found is not None:
            self._kept.move_to_end((person, version))
        return found

    def keep(self, person: Person, version: str, found: BatchCandidates) -> None:
        """Keep it, and forget who has not asked for the longest time."""
        self._kept[person, version] = found
        self._kept.move_to_end((person, version))  # two requests of one person may have read it at once
        if len(self._kept) > self._people:
            self._kept.popitem(last=False)
