"""What the stores know of one person, read at once: tail, panes, candidates. Three partitions, never more; two where
the candidates are still in memory.

A read that fails, or a row that cannot be read, leaves its part empty and says so; a list is then made from the rest.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from headrace.domain.candidates import unpack
from headrace.domain.events import Event, Person
from headrace.domain.facts import Facts
from headrace.domain.model import BatchCandidates
from headrace.domain.panes import DAY_MS, PaneKey
from headrace.errors import BadEvent, StoreUnavailable
from headrace.serve.service import Service
from headrace.serve.snapshots import NO_MODEL
from headrace.serve.wire import Degraded

FALLBACK: Final[Mapping[str, str]] = {
    "tail": "the events in the request, panes and candidates",
    "panes": "the newest events and candidates",
    "candidates": "neighbours of the newest events, and popularity",
}


@dataclass(frozen=True, slots=True, eq=False)
class Reads:
    """tail () and panes {} where there is nothing or the read failed; `degraded` tells which."""

    tail: tuple[Event, ...] = ()
    panes: Mapping[PaneKey, Facts] = field(default_factory=dict)
    batch: BatchCandidates | None = None
    degraded: tuple[Degraded, ...] = ()


async def read_person(
    service: Service, person: Person | None, clock_ms: int, version: str, panes_ms: int = DAY_MS
) -> Reads:
    """Everything about a person that a list is made from, within the deadline. Panes reach back `panes_ms`.

    Raises neither StoreUnavailable nor for a row that cannot be read.
    """
    if person is None:
        return Reads()
    stores, read, deadline_s = service.stores, service.circuit.read, service.settings.deadline_ms / 1000
    tail, panes, batch = await asyncio.gather(
        read(lambda: stores().tails.newest(person, service.tail_limit), deadline_s),
        read(lambda: stores().user_panes.since(person, clock_ms - panes_ms), deadline_s),
        _candidates(service, person, version, deadline_s),
        return_exceptions=True,
    )
    degraded: list[Degraded] = []
    for stage, result in (("tail", tail), ("panes", panes), ("candidates", batch)):
        if isinstance(result, StoreUnavailable | BadEvent | ValueError):  # the last two: a row that cannot be read
            degraded.append(Degraded(stage, str(result), FALLBACK[stage]))
            service.metrics.count("degraded_total", f'stage="{stage}"')
        elif isinstance(result, BaseException):
            raise result
    return Reads(
        tail=() if isinstance(tail, BaseException) else tail,
        panes={} if isinstance(panes, BaseException) else panes,
        batch=None if isinstance(batch, BaseException) else batch,
        degraded=tuple(degraded),
    )


async def _candidates(service: Service, person: Person, version: str, deadline_s: float) -> BatchCandidates | None:
    """From memory without asking whether the store is alive: they are the same there."""
    kept = service.candidates.get(person, version)
    if kept is not None:
        return kept
    return await service.circuit.read(lambda: _stored(service, person, version), deadline_s)


async def _stored(service: Service, person: Person, version: str) -> BatchCandidates | None:
    packed = None if version == NO_MODEL else await service.stores().candidates.get(person, version)
    if packed is None:
        return None
    found = unpack(packed)
    service.candidates.keep(person, version, found)
    return found
